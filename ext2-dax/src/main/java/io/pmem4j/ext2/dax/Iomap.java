// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

/**
 * A range of a file and its place in the file system: {@code struct iomap}. All numbers are bytes.
 *
 * @param mapped blocks, as opposed to a hole
 * @param address where the range lies in the file system; 0 for a hole
 * @param offset where the range begins in the file
 * @param length how far it reaches
 * @param isNew the blocks were allocated by this call: IOMAP_F_NEW
 */
public record Iomap(boolean mapped, long address, long offset, long length, boolean isNew) {
  /** Flag of {@link IomapOps#begin}: allocate what is missing. */
  public static final int WRITE = 1;

  /** Flag of {@link IomapOps#begin}: the caller zeroes what exists. */
  public static final int ZERO = 2;

  /** Flag of {@link IomapOps#begin}: the caller is a page fault and holds the fault's locks. */
  public static final int FAULT = 8;

  /** Returns a range without blocks. */
  public static Iomap hole(long offset, long length) {
    return new Iomap(false, 0, offset, length, false);
  }

  /** The address of a position of the file inside this range. */
  public long addressOf(long position) {
    return address + (position - offset);
  }
}
