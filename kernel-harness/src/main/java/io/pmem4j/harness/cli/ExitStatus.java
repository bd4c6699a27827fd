// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

/** What every verb's exit status means. */
final class ExitStatus {
  /** It holds. */
  static final int HOLDS = 0;

  /** There is a finding. */
  static final int FINDING = 1;

  /** The command line cannot be understood. */
  static final int USAGE = 2;

  /** The environment cannot do it. */
  static final int ENVIRONMENT = 3;

  private ExitStatus() {}
}
