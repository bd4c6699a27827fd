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

  static NotDeterministicException atEnd(int word) {
    return new NotDeterministicException(
        "the check is not deterministic: after equal reads it ended, and read @"
            + (long) word * Long.BYTES
            + " before");
  }

  static NotDeterministicException ofReads() {
    return new NotDeterministicException(
        "the check is not deterministic: on equal states it read different words");
  }

  static NotDeterministicException ofVerdicts(Verdict one, Verdict other) {
    return new NotDeterministicException(
        "the check is not deterministic: on equal states it "
            + one.words()
            + ", and then it "
            + other.words());
  }
}
