// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.pmem.PersistentMemory;

/**
 * Reading, writing and zeroing a file without a page cache: {@code dax_iomap_rw} and {@code
 * iomap_zero_range}. The caller holds the file's {@code i_rwsem}, shared for reading.
 *
 * <p>What is written is durable when a method returns, so before {@code i_rwsem} is free. Nothing
 * marks it as dirty: an fsync by another task, which cannot drain what this one has flushed, would
 * have no means to wait for it.
 */
public final class DaxIo {
  /** Page and block size. */
  public static final int PAGE_BYTES = 4096;

  private final DaxMapping mapping;
  private final IomapOps ops;
  private final UserCopyUnits units;

  /**
   * I/O for one file.
   *
   * @param units in which the memory of a program is accessed
   */
  public DaxIo(DaxMapping mapping, IomapOps ops, UserCopyUnits units) {
    this.units = units;
    this.mapping = mapping;
    this.ops = ops;
  }

  /**
   * Refuses addresses that a broken block pointer leads to.
   *
   * @throws CorruptFileSystemException EIO
   */
  public static long checked(DaxHost host, long address, long length) throws Ext2Exception {
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

  /**
   * {@code dax_iomap_rw} and {@code dax_iomap_iter} for reading: up to the size of the file; holes
   * read as zeros. Each piece is looked up before the size is checked, so a position that no tree
   * of blocks reaches is EIO, not the end of the file.
   *
   * @return bytes read; fewer than asked at EOF, or where the buffer ended: 0 also where a hole
   *     could not be copied at all
   * @throws Ext2Exception EFAULT or EIO when nothing was read
   */
  public int read(long position, UserBuffer target) throws Ext2Exception {
    int done = 0;
    while (done < target.length()) {
      int now;
      try {
        now = readPiece(position + done, target, done);
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

  private int readPiece(long at, UserBuffer target, int done) throws Ext2Exception {
    int left = target.length() - done;
    Iomap iomap = ops.begin(at, left, 0);
    long mapped = Math.min(left, iomap.offset() + iomap.length() - at);
    int copied = 0;
    try {
      long inFile = Math.min(mapped, mapping.host().size() - at);
      if (inFile <= 0) {
        return 0;
      }
      int length = (int) inFile;
      if (!iomap.mapped()) {
        copied = target.zero(done, length, units.zeros());
        return copied;
      }
      long address = mapping.access(iomap.addressOf(at), length);
      copied = target.copyTo(done, mapping.host().memory(), address, length);
    } finally {
      ops.end(at, mapped, copied, 0, iomap);
    }
    return notNothing(copied);
  }

  /**
   * Writes, allocating what is missing. The caller moves the size afterwards.
   *
   * @param length bytes, at most those of the buffer
   * @return bytes written; fewer than asked when space or the buffer ran out in between
   * @throws Ext2Exception ENOSPC, EFAULT or EIO when nothing was written
   */
  public int write(long position, UserBuffer source, int length) throws Ext2Exception {
    int done = 0;
    while (done < length) {
      int now;
      try {
        now = writePiece(position + done, source, done, length - done);
      } catch (Ext2Exception e) {
        if (done > 0) {
          break;
        }
        throw e;
      }
      done += now;
    }
    mapping.host().memory().drain();
    return done;
  }

  private int writePiece(long at, UserBuffer source, int done, int left) throws Ext2Exception {
    Iomap iomap = ops.begin(at, left, Iomap.WRITE);
    int length = (int) Math.min(left, iomap.offset() + iomap.length() - at);
    int copied = 0;
    try {
      if (iomap.isNew()) {
        // Page tables may show zeros for what was a hole: readers must find the new block.
        mapping.invalidate(at / PAGE_BYTES, (at + length - 1) / PAGE_BYTES);
      }
      long address = storing(iomap.addressOf(at), length);
      copied = source.copyFrom(done, mapping.host().memory(), address, length, units.written());
      mapping.host().memory().flush(address, copied);
    } finally {
      ops.end(at, length, copied, Iomap.WRITE, iomap);
    }
    return notNothing(copied);
  }

  private static int notNothing(int copied) throws Ext2Exception {
    if (copied == 0) {
      throw new Ext2Exception(Errno.EFAULT, "the caller's buffer");
    }
    return copied;
  }

  /** An address that is about to be stored to. */
  private long storing(long address, long length) throws Ext2Exception {
    mapping.access(address, length);
    long first = address / PAGE_BYTES;
    mapping.host().pins().storing(first, (address + length - 1) / PAGE_BYTES - first + 1);
    return address;
  }

  /** Zeroes what exists of a range; holes stay holes. */
  public void zero(long position, long length) throws Ext2Exception {
    PersistentMemory memory = mapping.host().memory();
    long at = position;
    boolean stored = false;
    while (at < position + length) {
      Iomap iomap = ops.begin(at, position + length - at, Iomap.ZERO);
      long now = Math.min(position + length - at, iomap.offset() + iomap.length() - at);
      if (iomap.mapped()) {
        long address = storing(iomap.addressOf(at), now);
        memory.fill(address, now, (byte) 0);
        memory.flush(address, now);
        stored = true;
      }
      ops.end(at, now, now, Iomap.ZERO, iomap);
      at += now;
    }
    if (stored) {
      memory.drain();
    }
  }
}
