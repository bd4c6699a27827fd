// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

/** Signals a check that does not depend on the memory and the acknowledgements alone. */
public final class NotDeterministicException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  NotDeterministicException(String message) {
    super(message);
  }

  static NotDeterministicException atRead(int word) {
    return new NotDeterministicException(
        "the check is not deterministic: after equal reads it read @"
            + (long) word * Long.BYTES
            + ", and another location before");
  }
}
