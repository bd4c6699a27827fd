// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;

/**
 * Reading and writing around the page cache, for O_DIRECT. Cached pages of the range are written
 * before, and dropped around a write. Positions and lengths are multiples of a sector where there
 * are blocks to transfer.
 *
 * <p>A write into a hole below the size goes through the page cache from there on, as in the
 * kernel: a reader that looked the hole up must not find what a new block held.
 */
public abstract class DirectIo {
  static final int SECTOR_BYTES = 512;

  private final PageCache cache;
  private final PageCacheHost host;
  private final PageTruncate truncate;
  private final BufferedIo buffered;

  /** Direct I/O for one file. */
  DirectIo(PageCache cache, PageTruncate truncate, BufferedIo buffered) {
    this.cache = cache;
    this.host = cache.host();
    this.truncate = truncate;
    this.buffered = buffered;
  }

  /** Makes the direct I/O of a file. */
  @FunctionalInterface
  public interface Maker {
    /** Returns direct I/O around a page cache. */
    DirectIo of(PageCache cache, PageTruncate truncate, BufferedIo buffered);
  }

  final PageCache cache() {
    return cache;
  }

  final PageCacheHost host() {
    return host;
  }

  final PageTruncate truncate() {
    return truncate;
  }

  /** Returns true if readers share {@code i_rwsem}. */
  public abstract boolean readersShare();

  /** Returns true if a read changes the access time. */
  public abstract boolean readIsAccess();

  /**
   * Reads up to the size of the file; holes read as zeros. The caller holds {@code i_rwsem}.
   *
   * @return bytes read, 0 at EOF
   * @throws Ext2Exception EINVAL, EFAULT, EIO
   */
  public abstract int read(long position, UserBuffer target) throws Ext2Exception;

  /**
   * Writes, and moves the size. The caller holds {@code i_rwsem} exclusively.
   *
   * @param askedEnd the end of the range that the caller asked for, which O_APPEND may have moved
   * @return bytes written; fewer than asked when the part through the page cache ended early
   * @throws Ext2Exception EINVAL, ENOSPC, EFAULT, EIO
   */
  public abstract int write(long position, UserBuffer source, int length, long askedEnd)
      throws Ext2Exception;

  /** As {@link #write(long, UserBuffer, int, long)}, where the caller asked for. */
  public final int write(long position, UserBuffer source, int length) throws Ext2Exception {
    return write(position, source, length, position + length);
  }

  /** Returns how many blocks a transfer touches from one of them on. */
  final int blocksFrom(long fileBlock, long end) {
    return (int) ((end - 1) / host.blockBytes() - fileBlock) + 1;
  }

  static void requireAligned(long position, int length) throws Ext2Exception {
    if ((position | length) % SECTOR_BYTES != 0) {
      throw new Ext2Exception(
          Errno.EINVAL,
          "direct I/O of %d bytes at %d, expected multiples of %d"
              .formatted(length, position, SECTOR_BYTES));
    }
  }

  /**
   * Returns a block of a run with new bytes in it. What is outside of them stays as it is, and is
   * zeros in a new block.
   *
   * @param number of the block
   * @param inBlock the place of the bytes in it
   */
  final byte[] blockWith(
      PageCacheHost.Block run, long number, int inBlock, byte[] bytes, int from, int length)
      throws Ext2Exception {
    byte[] block = new byte[host.blockBytes()];
    if (length < block.length && !run.isNew()) {
      host.read(number, block, 0);
    }
    System.arraycopy(bytes, from, block, inBlock, length);
    return block;
  }

  static Ext2Exception fault() {
    return new Ext2Exception(Errno.EFAULT, "the caller's buffer");
  }

  /**
   * Writes what follows on the bytes written directly through the page cache, and on to the device.
   *
   * @param done bytes written directly
   * @return bytes written in all
   * @throws Ext2Exception if nothing was written directly, or as {@link #writingBackFailed}
   */
  final int writeRest(long position, UserBuffer source, int done, int length) throws Ext2Exception {
    long from = position + done;
    int rest;
    try {
      rest = buffered.write(from, source, done, length - done);
    } catch (Ext2Exception e) {
      if (done == 0) {
        throw e;
      }
      return done;
    }
    try {
      cache.writeback().range(from, from + rest - 1);
    } catch (Ext2Exception e) {
      return writingBackFailed(e, done);
    }
    truncate.dropUnmapped(from, from + rest - 1);
    return done + rest;
  }

  /** Returns the bytes that count as written when those through the page cache were not. */
  abstract int writingBackFailed(Ext2Exception why, int direct) throws Ext2Exception;
}
