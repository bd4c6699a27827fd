// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reading, writing and zeroing a file without a page cache: {@code dax_iomap_rw} and {@code
 * iomap_zero_range}. The caller holds the file's {@code i_rwsem}, shared for reading. What is
 * written is on its way to the medium when a method returns, and durable after the next drain.
 */
public final class DaxIo {
  /** Page and block size. */
  public static final int PAGE_BYTES = 4096;

  private final DaxMapping mapping;
  private final IomapOps ops;

  /** I/O for one file. */
  public DaxIo(DaxMapping mapping, IomapOps ops) {
    this.mapping = mapping;
    this.ops = ops;
  }

  /**
   * Refuses addresses that a broken block pointer leads to.
   *
   * @throws CorruptFileSystemException EIO
   */
  static long checked(DaxHost host, long address, long length) throws Ext2Exception {
    if (address < 0 || address > host.memory().byteSize() - length) {
      throw new CorruptFileSystemException(
          Errno.EIO,
          "inode " + host.ino(),
          "i_block",
          "block " + address / PAGE_BYTES,
          "a block of the file system");
    }
    return address;
  }

  /** {@code dax_direct_access}: a seeded fault makes the medium fail after a successful lookup. */
  static void readable(DaxMapping mapping) throws Ext2Exception {
    if (mapping.scheduler().seeded("media-error-after-lookup")) {
      throw new Ext2Exception(Errno.EIO, "the medium of inode " + mapping.host().ino());
    }
  }

  /** Reads up to the size of the file; holes read as zeros. Returns the number of bytes. */
  public int read(long position, byte[] target) throws Ext2Exception {
    int done = 0;
    while (done < target.length) {
      long at = position + done;
      long end = Math.min(position + target.length, mapping.host().size());
      if (at >= end) {
        break;
      }
      Iomap iomap;
      try {
        iomap = ops.begin(at, target.length - done, 0);
      } catch (Ext2Exception e) {
        if (done > 0) {
          break;
        }
        throw e;
      }
      int length = (int) Math.min(end - at, iomap.offset() + iomap.length() - at);
      if (iomap.mapped()) {
        long address = checked(mapping.host(), iomap.addressOf(at), length);
        MemorySegment.copy(
            mapping.host().memory().segment(),
            ValueLayout.JAVA_BYTE,
            address,
            target,
            done,
            length);
      }
      ops.end(at, length, length, 0, iomap);
      done += length;
    }
    return done;
  }

  /**
   * Writes, allocating what is missing. The caller moves the size afterwards.
   *
   * @return bytes written; fewer than asked when space ran out in between
   * @throws Ext2Exception ENOSPC or EIO when nothing was written
   */
  public int write(long position, byte[] source) throws Ext2Exception {
    PersistentMemory memory = mapping.host().memory();
    int done = 0;
    while (done < source.length) {
      long at = position + done;
      Iomap iomap;
      try {
        iomap = ops.begin(at, source.length - done, Iomap.WRITE);
      } catch (Ext2Exception e) {
        if (done > 0) {
          break;
        }
        throw e;
      }
      int length = (int) Math.min(source.length - done, iomap.offset() + iomap.length() - at);
      int written = 0;
      try {
        if (iomap.isNew()) {
          // Page tables may show zeros for what was a hole: readers must find the new block.
          mapping.invalidate(at / PAGE_BYTES, (at + length - 1) / PAGE_BYTES);
        }
        long address = checked(mapping.host(), iomap.addressOf(at), length);
        memory.copy(address, source, done, length);
        memory.flush(address, length);
        written = length;
      } finally {
        ops.end(at, length, written, Iomap.WRITE, iomap);
      }
      done += length;
    }
    return done;
  }

  /** Zeroes what exists of a range; holes stay holes. */
  public void zero(long position, long length) throws Ext2Exception {
    PersistentMemory memory = mapping.host().memory();
    long at = position;
    while (at < position + length) {
      Iomap iomap = ops.begin(at, position + length - at, Iomap.ZERO);
      long now = Math.min(position + length - at, iomap.offset() + iomap.length() - at);
      if (iomap.mapped()) {
        long address = checked(mapping.host(), iomap.addressOf(at), now);
        memory.fill(address, now, (byte) 0);
        memory.flush(address, now);
      }
      ops.end(at, now, now, Iomap.ZERO, iomap);
      at += now;
    }
  }
}
