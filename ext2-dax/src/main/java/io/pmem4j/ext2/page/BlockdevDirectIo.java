// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;

/**
 * Direct I/O of Linux 5.10: {@code generic_file_direct_write} and {@code blockdev_direct_IO}. The
 * alignment of the whole call is checked before the first block.
 */
public final class BlockdevDirectIo extends DirectIo {
  /** Direct I/O for one file. */
  public BlockdevDirectIo(PageCache cache, PageTruncate truncate, BufferedIo buffered) {
    super(cache, truncate, buffered);
  }

  @Override
  public boolean readersShare() {
    return false;
  }

  @Override
  public boolean readIsAccess() {
    return true;
  }

  @Override
  public int read(long position, UserBuffer target) throws Ext2Exception {
    PageCacheHost host = host();
    cache().writeback().range(position, position + target.length() - 1);
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
          throw fault();
        }
        break;
      }
    }
    return done;
  }

  @Override
  public int write(long position, UserBuffer source, int length, long askedEnd)
      throws Ext2Exception {
    long last = position + length - 1;
    cache().writeback().range(position, last);
    int done = 0;
    if (truncate().invalidate(position, last)) {
      done = writeBlocks(position, source, length);
      truncate().invalidate(position, last);
      if (position + done > host().size()) {
        host().sizeLocked(position + done);
      }
    }
    return done == length ? done : writeRest(position, source, done, length);
  }

  /** Returns the bytes before the first hole below the size. */
  private int writeBlocks(long position, UserBuffer source, int length) throws Ext2Exception {
    PageCacheHost host = host();
    boolean failed = true;
    try {
      requireAligned(position, length);
      byte[] bytes = new byte[length];
      if (source.load(0, bytes, 0, length) < length) {
        throw fault();
      }
      long endOfFile = Math.ceilDiv(host.size(), host.blockBytes());
      int done = 0;
      while (done < length) {
        long fileBlock = (position + done) / host.blockBytes();
        int wanted = blocksFrom(fileBlock, position + length);
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
    PageCacheHost host = host();
    int blockBytes = host.blockBytes();
    int done = from;
    for (int i = 0; i < run.count() && done < bytes.length; i++) {
      int inBlock = (int) (position + done - (firstBlock + i) * blockBytes);
      int now = Math.min(blockBytes - inBlock, bytes.length - done);
      long number = run.number() + i;
      host.write(number, blockWith(run, number, inBlock, bytes, done, now), 0);
      done += now;
    }
    return done;
  }

  @Override
  int writingBackFailed(Ext2Exception why, int direct) throws Ext2Exception {
    if (direct == 0) {
      throw why;
    }
    return direct;
  }
}
