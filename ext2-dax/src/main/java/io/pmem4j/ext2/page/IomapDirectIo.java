// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;
import java.util.Arrays;

/**
 * Direct I/O of Linux 6.6 and later: {@code iomap_dio_rw} over {@code ext2_iomap_ops}. A call is
 * done mapping by mapping, and each mapping of blocks has to be aligned for itself: a hole is read
 * at any position. After an error in a later part the whole call fails. A read changes no access
 * time.
 */
public final class IomapDirectIo extends DirectIo {
  /** Direct I/O for one file. */
  public IomapDirectIo(PageCache cache, PageTruncate truncate, BufferedIo buffered) {
    super(cache, truncate, buffered);
  }

  @Override
  public boolean readersShare() {
    return true;
  }

  @Override
  public boolean readIsAccess() {
    return false;
  }

  @Override
  public int read(long position, UserBuffer target) throws Ext2Exception {
    PageCacheHost host = host();
    int blockBytes = host.blockBytes();
    long size = host.size();
    if (position >= size) {
      return 0;
    }
    long end = position + target.length();
    cache().writeback().range(position, end - 1);
    int done = 0;
    while (position + done < end) {
      long at = position + done;
      long fileBlock = at / blockBytes;
      PageCacheHost.Block found = host.block(fileBlock, blocksFrom(fileBlock, end), false);
      int blocks = found.isHole() ? 1 : found.count();
      int now = (int) (Math.min(end, (fileBlock + blocks) * blockBytes) - at);
      byte[] bytes = new byte[blocks * blockBytes];
      if (!found.isHole()) {
        requireAligned(at, now);
        for (int i = 0; i < blocks; i++) {
          host.read(found.number() + i, bytes, i * blockBytes);
        }
      }
      if (target.store(done, bytes, (int) (at % blockBytes), now) < now) {
        throw fault();
      }
      done += now;
    }
    return (int) Math.min(done, size - position);
  }

  @Override
  public int write(long position, UserBuffer source, int length, long askedEnd)
      throws Ext2Exception {
    int done = 0;
    if (isOutOfCache(position, position + length - 1)) {
      done = writeBlocks(position, source, length, askedEnd);
      if (position + done > host().size()) {
        host().sizeLocked(position + done);
      }
      if (done > 0) {
        truncate().invalidate(position, position + done - 1);
      }
    }
    return done == length ? done : writeRest(position, source, done, length);
  }

  /** {@code kiocb_invalidate_pages}: if it fails, all goes through the page cache. */
  private boolean isOutOfCache(long first, long last) {
    try {
      cache().writeback().range(first, last);
    } catch (Ext2Exception _) {
      return false; // the next fsync tells of it
    }
    return truncate().invalidate(first, last);
  }

  /**
   * Returns the bytes before the first hole below the size. {@code ext2_dio_write_iter} remembers
   * the position before O_APPEND moves it: blocks past EOF of an append that fails stay, unless the
   * caller asked for bytes past EOF itself.
   */
  private int writeBlocks(long position, UserBuffer source, int length, long askedEnd)
      throws Ext2Exception {
    PageCacheHost host = host();
    int blockBytes = host.blockBytes();
    long end = position + length;
    boolean failed = true;
    try {
      int done = 0;
      while (done < length) {
        long at = position + done;
        long fileBlock = at / blockBytes;
        boolean create = fileBlock * blockBytes >= host.size();
        PageCacheHost.Block found = host.block(fileBlock, blocksFrom(fileBlock, end), create);
        if (found.isHole()) {
          break;
        }
        int now = (int) (Math.min(end, (fileBlock + found.count()) * blockBytes) - at);
        requireAligned(at, now);
        int written = writeRun(found, at, source, done, now);
        if (written < now) {
          host.writeFailed(at + now); // ext2_iomap_end; the rest is mapped once more, and fails
        }
        done += written;
      }
      failed = false;
      return done;
    } finally {
      if (failed) {
        host.writeFailed(askedEnd);
      }
    }
  }

  /**
   * Writes a run of blocks. What a new block has outside of the range becomes zeros, and what the
   * last one has past the new end of the file.
   *
   * @return bytes written: whole sectors of those that can be read
   * @throws Ext2Exception EFAULT if there is none
   */
  private int writeRun(PageCacheHost.Block run, long at, UserBuffer source, int from, int length)
      throws Ext2Exception {
    PageCacheHost host = host();
    int blockBytes = host.blockBytes();
    byte[] bytes = new byte[length];
    int loaded = source.load(from, bytes, 0, length);
    int transferred = loaded == length ? length : loaded - loaded % SECTOR_BYTES;
    boolean endsFile = at + transferred >= host.size();
    int done = 0;
    long number = run.number();
    do {
      int inBlock = (int) ((at + done) % blockBytes);
      int now = Math.min(blockBytes - inBlock, transferred - done);
      if (inBlock + now > 0) {
        byte[] block = blockWith(run, number, inBlock, bytes, done, now);
        if (endsFile && done + now == transferred) {
          Arrays.fill(block, inBlock + now, blockBytes, (byte) 0);
        }
        host.write(number, block, 0);
      }
      number++;
      done += now;
    } while (done < transferred);
    if (transferred == 0) {
      throw fault();
    }
    return transferred;
  }

  @Override
  int writingBackFailed(Ext2Exception why, int direct) throws Ext2Exception {
    throw why;
  }
}
