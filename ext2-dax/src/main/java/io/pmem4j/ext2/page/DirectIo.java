// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;

/**
 * Reading and writing around the page cache, for O_DIRECT: {@code generic_file_direct_write} and
 * {@code blockdev_direct_IO}. Cached pages of the range are written before, and dropped around a
 * write. Positions and lengths are multiples of a sector. The caller holds {@code i_rwsem}
 * exclusively.
 *
 * <p>A write into a hole below the size goes through the page cache from there on, as in the
 * kernel: a reader that looked the hole up must not find what a new block held.
 */
public final class DirectIo {
  private static final int SECTOR_BYTES = 512;

  private final PageCache cache;
  private final PageCacheHost host;
  private final PageTruncate truncate;
  private final BufferedIo buffered;

  /** Direct I/O for one file. */
  public DirectIo(PageCache cache, PageTruncate truncate, BufferedIo buffered) {
    this.cache = cache;
    this.host = cache.host();
    this.truncate = truncate;
    this.buffered = buffered;
  }

  /**
   * Reads up to the size of the file; holes read as zeros.
   *
   * @return bytes read, 0 at EOF
   * @throws Ext2Exception EINVAL, EFAULT, EIO
   */
  public int read(long position, UserBuffer target) throws Ext2Exception {
    cache.writeback().range(position, position + target.length() - 1);
    if (position >= host.size()) {
      return 0;
    }
    requireAligned(position, target.length());
    long end = Math.min(host.size(), position + target.length());
    int done = 0;
    while (position + done < end) {
      long at = position + done;
      int inBlock = (int) (at % host.blockBytes());
      int now = (int) Math.min(end - at, host.blockBytes() - inBlock);
      byte[] block = new byte[host.blockBytes()];
      PageCacheHost.Block found = host.block(at / host.blockBytes(), 1, false);
      if (!found.isHole()) {
        host.read(found.number(), block, 0);
      }
      int copied = target.store(done, block, inBlock, now);
      done += copied;
      if (copied < now) {
        if (done == 0) {
          throw new Ext2Exception(Errno.EFAULT, "the caller's buffer");
        }
        break;
      }
    }
    return done;
  }

  private static void requireAligned(long position, int length) throws Ext2Exception {
    if ((position | length) % SECTOR_BYTES != 0) {
      throw new Ext2Exception(
          Errno.EINVAL,
          "direct I/O of %d bytes at %d, expected multiples of %d"
              .formatted(length, position, SECTOR_BYTES));
    }
  }

  /**
   * Writes, and moves the size.
   *
   * @return bytes written; fewer than asked when the part through the page cache ended early
   * @throws Ext2Exception EINVAL, ENOSPC, EFAULT, EIO
   */
  public int write(long position, UserBuffer source, int length) throws Ext2Exception {
    long last = position + length - 1;
    cache.writeback().range(position, last);
    int done = 0;
    if (truncate.invalidate(position, last)) {
      done = writeBlocks(position, source, length);
      truncate.invalidate(position, last);
      if (position + done > host.size()) {
        host.sizeLocked(position + done);
      }
    }
    if (done == length) {
      return done;
    }
    int rest = buffered.write(position + done, source, done, length - done);
    cache.writeback().range(position + done, position + done + rest - 1);
    truncate.invalidate(position + done, position + done + rest - 1);
    return done + rest;
  }

  /** Returns the bytes before the first hole below the size. */
  private int writeBlocks(long position, UserBuffer source, int length) throws Ext2Exception {
    boolean failed = true;
    try {
      requireAligned(position, length);
      byte[] bytes = new byte[length];
      if (source.load(0, bytes, 0, length) < length) {
        throw new Ext2Exception(Errno.EFAULT, "the caller's buffer");
      }
      long endOfFile = Math.ceilDiv(host.size(), host.blockBytes());
      int done = 0;
      while (done < length) {
        long fileBlock = (position + done) / host.blockBytes();
        int wanted = (int) ((position + length - 1) / host.blockBytes() - fileBlock) + 1;
        PageCacheHost.Block found = host.block(fileBlock, wanted, fileBlock >= endOfFile);
        if (found.isHole()) {
          break;
        }
        done = writeRun(found, fileBlock, position, bytes, done);
      }
      failed = false;
      return done;
    } finally {
      if (failed) {
        host.writeFailed(position + length);
      }
    }
  }

  /** Writes a run of blocks; what a new one has outside of the range becomes zeros. */
  private int writeRun(
      PageCacheHost.Block run, long firstBlock, long position, byte[] bytes, int from)
      throws Ext2Exception {
    int blockBytes = host.blockBytes();
    int done = from;
    for (int i = 0; i < run.count() && done < bytes.length; i++) {
      int inBlock = (int) (position + done - (firstBlock + i) * blockBytes);
      int now = Math.min(blockBytes - inBlock, bytes.length - done);
      byte[] block = new byte[blockBytes];
      if (now < blockBytes && !run.isNew()) {
        host.read(run.number() + i, block, 0);
      }
      System.arraycopy(bytes, done, block, inBlock, now);
      host.write(run.number() + i, block, 0);
      done += now;
    }
    return done;
  }
}
