// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.Ext2Exception;

/** The block map of one file: {@code struct iomap_ops}. Thread-safe. */
public interface IomapOps {
  /**
   * Looks a range up, or allocates it.
   *
   * @param offset first byte in the file
   * @param length how many bytes the caller would like
   * @param flags {@link Iomap#WRITE}, {@link Iomap#ZERO}, {@link Iomap#FAULT}
   * @return the longest piece from {@code offset} on that is one hole or one run of blocks
   * @throws Ext2Exception ENOSPC, EIO
   */
  Iomap begin(long offset, long length, int flags) throws Ext2Exception;

  /**
   * The caller is done with a piece.
   *
   * @param length how much of it was asked for
   * @param written how much was really done
   */
  void end(long offset, long length, long written, int flags, Iomap iomap) throws Ext2Exception;
}
