// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

/**
 * The unit in which {@code __clear_user} stores zeros to the memory of a program. A unit that
 * reaches into a page that faults is not stored.
 */
public enum ZeroingUnit {
  /** A word of 8 bytes, as Linux 5.10 stores. */
  WORD(Long.BYTES),
  /** A byte, as Linux 6.1 stores on processors with a fast {@code rep stosb}. */
  BYTE(1);

  private final int bytes;

  ZeroingUnit(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the length of the unit. */
  public int bytes() {
    return bytes;
  }
}
