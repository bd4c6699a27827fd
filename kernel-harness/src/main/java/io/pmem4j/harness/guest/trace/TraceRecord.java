// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.trace;

/**
 * One record of a trace.
 *
 * @param kind the kind of instruction
 * @param offset the first byte, from the start of the recorded range; 0 for a fence
 * @param bytes the number of bytes: 1, 2, 4, 8 or 16 for a store, 64 for a write-back, 0 for a
 *     fence
 * @param pc the virtual address of the instruction
 * @param low the first 8 bytes of the value of a store, little-endian
 * @param high the bytes from 8 on
 */
public record TraceRecord(Kind kind, long offset, int bytes, long pc, long low, long high) {
  /** The kinds, with their codes in the file. */
  public enum Kind {
    /** A store through the caches. */
    STORE(1),
    /** A store around the caches: movnti, movntdq, movntps and their vector forms. */
    STORE_AROUND(2),
    /** A write-back of one cache line: clwb, clflushopt or clflush. */
    FLUSH(3),
    /** An sfence or mfence. */
    FENCE(4);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    static Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IllegalArgumentException("trace: record of kind " + code + ", expected 1 to 4");
    }
  }

  /** Returns the byte of a stored value at an index. */
  public byte valueAt(int index) {
    return (byte) ((index < Long.BYTES ? low : high) >>> (index % Long.BYTES * Byte.SIZE));
  }
}
