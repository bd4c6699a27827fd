// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** A scenario did something else when it was scheduled the same again. */
final class NotDeterministic extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  NotDeterministic(String message) {
    super(message);
  }
}
