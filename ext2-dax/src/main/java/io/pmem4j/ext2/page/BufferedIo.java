// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;
import java.util.Arrays;

/**
 * Reading and writing through the page cache: {@code generic_file_buffered_read} and {@code
 * generic_perform_write}, page by page. Writers hold {@code i_rwsem} exclusively, readers nothing.
 *
 * <p>The caller's buffer may be a mapping, also of the page that is written: it is read before the
 * page is locked.
 */
public final class BufferedIo {
  private final PageCache cache;
  private final PageCacheHost host;
  private final BufferedIoRules rules;

  /** I/O for one file as Linux 5.10 does it. */
  public BufferedIo(PageCache cache) {
    this(cache, BufferedIoRules.LINUX_5_10);
  }

  /** I/O for one file. */
  public BufferedIo(PageCache cache, BufferedIoRules rules) {
    this.cache = cache;
    this.host = cache.host();
    this.rules = rules;
  }

  /**
   * Reads up to the size, which is looked at anew for each page.
   *
   * @return bytes read, 0 at EOF
   * @throws Ext2Exception EFAULT or EIO when nothing was read
   */
  public int read(long position, UserBuffer target) throws Ext2Exception {
    int done = 0;
    while (done < target.length() && position + done < host.maxBytes()) {
      if (rules.readsSizeFirst() && position + done >= host.size()) {
        break;
      }
      int now;
      try {
        now = readPage(position + done, target, done);
      } catch (Ext2Exception e) {
        if (done > 0) {
          break;
        }
        throw e;
      }
      if (now == 0) {
        break;
      }
      done += now;
    }
    return done;
  }

  private int readPage(long at, UserBuffer target, int done) throws Ext2Exception {
    FilePage page = cache.uptodate(at / FilePage.BYTES);
    // After the page: what the size covers was in the page by then.
    long left = Math.min(host.size() - at, target.length() - done);
    if (left <= 0) {
      return 0;
    }
    int inPage = (int) (at % FilePage.BYTES);
    int length = (int) Math.min(left, FilePage.BYTES - inPage);
    cache.shared().load();
    int copied = target.store(done, page.bytes(), inPage, length);
    if (copied == 0) {
      throw new Ext2Exception(Errno.EFAULT, "the caller's buffer");
    }
    return copied;
  }

  /**
   * Writes, page by page, and moves the size.
   *
   * @param length bytes, at most those of the buffer
   * @return bytes written; fewer than asked when space or the buffer ran out in between
   * @throws Ext2Exception ENOSPC, EFAULT or EIO when nothing was written
   */
  public int write(long position, UserBuffer source, int length) throws Ext2Exception {
    return write(position, source, 0, length);
  }

  /** As {@link #write(long, UserBuffer, int)}, from an offset of the buffer on. */
  int write(long position, UserBuffer source, int from, int length) throws Ext2Exception {
    int done = 0;
    while (done < length) {
      int inPage = (int) ((position + done) % FilePage.BYTES);
      int now = Math.min(FilePage.BYTES - inPage, length - done);
      try {
        done += writePage(position + done, source, from + done, now);
      } catch (Ext2Exception e) {
        if (done > 0) {
          break;
        }
        throw e;
      }
    }
    return done;
  }

  /** Returns the bytes written: fewer than asked where the next one cannot be read. */
  private int writePage(long at, UserBuffer source, int done, int length) throws Ext2Exception {
    byte[] chunk = new byte[length];
    int readable = source.load(done, chunk, 0, length);
    if (readable == 0 || (readable < length && !rules.writesUpToFault())) {
      throw new Ext2Exception(Errno.EFAULT, "the caller's buffer");
    }
    int written = writePage(at, chunk, readable, length);
    // A page that is not up to date takes all or nothing: as much as there was is tried again.
    return written == 0 ? writePage(at, chunk, readable, readable) : written;
  }

  /**
   * Returns the bytes that the page takes: all that there are, or none if it wants more of them.
   */
  private int writePage(long at, byte[] chunk, int readable, int length) throws Ext2Exception {
    int from = (int) (at % FilePage.BYTES);
    long sizeBefore = host.size();
    int written = 0;
    boolean begun = false;
    try (PageCache.Locked locked = cache.grab(at / FilePage.BYTES)) {
      FilePage page = locked.page();
      beginLocked(page, from, from + length);
      begun = true;
      cache.shared().store();
      if (readable == length || page.isUptodate()) {
        System.arraycopy(chunk, 0, page.bytes(), from, readable);
        written = readable;
      } else {
        zeroNewLocked(page, from, from + length);
      }
      commitLocked(page, from, from + written);
      if (at + written > sizeBefore) {
        host.sizeLocked(at + written); // the position counts even if nothing was written there
      }
    } finally {
      if (!begun) {
        host.writeFailed(at + length);
      }
    }
    if (sizeBefore < at) {
      sizeExtended(sizeBefore, at);
    }
    if (written < length) {
      host.writeFailed(at + length);
    }
    return written;
  }

  /**
   * {@code __block_write_begin}: each buffer that is written to has a block, and is up to date but
   * for the bytes to come. What the write leaves out of a new block is zeroed.
   */
  private void beginLocked(FilePage page, int from, int to) throws Ext2Exception {
    int blockBytes = host.blockBytes();
    long fileBlock = page.index() * page.buffers().length;
    cache.shared().store();
    try {
      for (int i = from / blockBytes; i * blockBytes < to; i++) {
        FilePage.Buffer buffer = page.buffers()[i];
        int start = i * blockBytes;
        map(buffer, fileBlock + i);
        if (page.isUptodate()) {
          buffer.uptodate = true;
          if (buffer.isNew) {
            buffer.isNew = false;
            cache.dirtyLocked(page, buffer);
          }
        } else if (buffer.isNew) {
          zeroOutside(page, start, start + blockBytes, from, to);
        } else if (!buffer.uptodate && (start < from || start + blockBytes > to)) {
          cache.fill(page, buffer, start);
        }
      }
    } catch (Ext2Exception e) {
      zeroNewLocked(page, from, to);
      throw e;
    }
  }

  private void map(FilePage.Buffer buffer, long fileBlock) throws Ext2Exception {
    if (!buffer.mapped()) {
      PageCacheHost.Block block = host.block(fileBlock, 1, true);
      buffer.block = block.number();
      buffer.isNew = block.isNew();
    }
  }

  private static void zeroOutside(FilePage page, int start, int end, int from, int to) {
    if (start < from) {
      Arrays.fill(page.bytes(), start, from, (byte) 0);
    }
    if (end > to) {
      Arrays.fill(page.bytes(), to, end, (byte) 0);
    }
  }

  /** {@code page_zero_new_buffers}: blocks that a failed write has allocated show zeros. */
  private void zeroNewLocked(FilePage page, int from, int to) {
    int blockBytes = host.blockBytes();
    for (int i = from / blockBytes; i * blockBytes < to; i++) {
      FilePage.Buffer buffer = page.buffers()[i];
      if (buffer.isNew) {
        int first = Math.max(from, i * blockBytes);
        int end = Math.min(to, (i + 1) * blockBytes);
        Arrays.fill(page.bytes(), first, end, (byte) 0);
        buffer.uptodate = true;
        buffer.isNew = false;
        cache.dirtyLocked(page, buffer);
      }
    }
  }

  /** Marks what was written up to date and dirty: {@code __block_commit_write}. */
  private void commitLocked(FilePage page, int from, int to) {
    int blockBytes = host.blockBytes();
    boolean complete = true;
    int start = 0;
    for (FilePage.Buffer buffer : page.buffers()) {
      if (start + blockBytes <= from || start >= to) {
        complete &= buffer.uptodate;
      } else {
        buffer.uptodate = true;
        buffer.isNew = false;
        cache.dirtyLocked(page, buffer);
      }
      start += blockBytes;
    }
    if (complete) {
      page.uptodateLocked();
    }
  }

  /**
   * {@code pagecache_isize_extended}: the page that was the last one may have blocks past the old
   * size that are holes. A store through a mapping has to fault again, to have them allocated.
   */
  void sizeExtended(long from, long to) {
    long rounded = Math.ceilDiv(from, host.blockBytes()) * host.blockBytes();
    if (to <= rounded || rounded % FilePage.BYTES == 0) {
      return;
    }
    try (PageCache.Locked locked = cache.findLocked(from / FilePage.BYTES)) {
      if (locked != null
          && cache.mappings().isWritable(locked.page().index(), locked.page().number())) {
        cache.mappings().writeProtect(locked.page().index(), locked.page().number());
        cache.dirtyLocked(locked.page());
      }
    }
  }
}
