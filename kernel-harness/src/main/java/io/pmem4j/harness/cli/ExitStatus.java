// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

/** The exit statuses of every verb. */
final class ExitStatus {
  /** The claim holds. */
  static final int HOLDS = 0;

  /** There is a finding. */
  static final int FINDING = 1;

  /** The command line cannot be understood. */
  static final int USAGE = 2;

  /** The environment cannot do it. */
  static final int ENVIRONMENT = 3;

  /** The machine itself reports a loss: nothing follows for the software under test. */
  static final int PLATFORM = 4;

  private ExitStatus() {}
}
