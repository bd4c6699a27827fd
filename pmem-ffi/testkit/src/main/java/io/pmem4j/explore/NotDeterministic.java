// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** Signals that the same schedule led a scenario to other steps. */
final class NotDeterministic extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  NotDeterministic(String message) {
    super(message);
  }
}
