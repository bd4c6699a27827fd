// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.InodeOperations;
import io.pmem4j.ext2.Stat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An answer in a worker's buffer: the header and what was appended. Belongs to that worker.
 *
 * <p>Attributes and names may be kept by the kernel for a day: it sees every change, as nobody else
 * changes the file system.
 */
final class FuseReply {
  static final long HEADER_BYTES = FuseStructs.OUT_HEADER.byteSize();

  /** The kernel's number of the root. */
  static final long ROOT_NODE = 1;

  private static final long VALID_SECONDS = 24 * 60 * 60;

  private final MemorySegment buffer;
  private final int blockBytes;
  private long end;

  /**
   * Makes an answer in a buffer.
   *
   * @param blockBytes bytes of a block of the file system: {@code st_blksize}
   */
  FuseReply(MemorySegment buffer, int blockBytes) {
    this.buffer = buffer;
    this.blockBytes = blockBytes;
  }

  /** Begins an answer without a body. */
  void begin() {
    end = HEADER_BYTES;
  }

  /** Returns the number of bytes of the answer. */
  long length() {
    return end;
  }

  MemorySegment buffer() {
    return buffer;
  }

  /** Stores the header; an answer with an error has no body. */
  void finish(long unique, int error) {
    if (error != 0) {
      end = HEADER_BYTES;
    }
    u32(FuseStructs.OUT_HEADER_LEN, (int) end);
    u32(FuseStructs.OUT_HEADER_ERROR, -error);
    u64(FuseStructs.OUT_HEADER_UNIQUE, unique);
  }

  /** Appends zeros and returns where they begin. */
  long append(long bytes) {
    long at = end;
    buffer.asSlice(at, bytes).fill((byte) 0);
    end += bytes;
    return at;
  }

  /** Appends bytes that are in the buffer already. */
  void appended(long bytes) {
    end += bytes;
  }

  void bytes(byte[] bytes) {
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, append(bytes.length), bytes.length);
  }

  /** Returns the place of a body of up to {@code length} bytes. */
  MemorySegment body(long length) {
    return buffer.asSlice(HEADER_BYTES, length);
  }

  void bytes(long at, byte[] bytes) {
    MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, at, bytes.length);
  }

  void u16(long at, int value) {
    buffer.set(ValueLayout.JAVA_SHORT, at, (short) value);
  }

  void u32(long at, int value) {
    buffer.set(ValueLayout.JAVA_INT, at, value);
  }

  void u64(long at, long value) {
    buffer.set(ValueLayout.JAVA_LONG, at, value);
  }

  /** Returns the kernel's number of an inode, whose root is 1 instead of 2. */
  static long node(int ino) {
    return ino == InodeOperations.ROOT ? ROOT_NODE : Integer.toUnsignedLong(ino);
  }

  /** Appends a {@code fuse_entry_out}. */
  void entry(Stat stat) {
    entry(append(FuseStructs.ENTRY_OUT.byteSize()), stat);
  }

  /** Stores a {@code fuse_entry_out}. */
  void entry(long at, Stat stat) {
    u64(at + FuseStructs.ENTRY_OUT_NODEID, node(stat.ino()));
    u64(at + FuseStructs.ENTRY_OUT_GENERATION, Integer.toUnsignedLong(stat.generation()));
    u64(at + FuseStructs.ENTRY_OUT_ENTRY_VALID, VALID_SECONDS);
    u64(at + FuseStructs.ENTRY_OUT_ATTR_VALID, VALID_SECONDS);
    attributes(at + FuseStructs.ENTRY_OUT_ATTR, stat);
  }

  /** Appends a {@code fuse_entry_out} that says that there is no such name. */
  void noEntry() {
    long at = append(FuseStructs.ENTRY_OUT.byteSize());
    u64(at + FuseStructs.ENTRY_OUT_ENTRY_VALID, VALID_SECONDS);
  }

  /** Appends a {@code fuse_attr_out}. */
  void attributes(Stat stat) {
    long at = append(FuseStructs.ATTR_OUT.byteSize());
    u64(at + FuseStructs.ATTR_OUT_ATTR_VALID, VALID_SECONDS);
    attributes(at + FuseStructs.ATTR_OUT_ATTR, stat);
  }

  private void attributes(long at, Stat stat) {
    u64(at + FuseStructs.ATTR_INO, Integer.toUnsignedLong(stat.ino()));
    u64(at + FuseStructs.ATTR_SIZE, stat.size());
    u64(at + FuseStructs.ATTR_BLOCKS, stat.blocks512());
    u64(at + FuseStructs.ATTR_ATIME, stat.atime());
    u64(at + FuseStructs.ATTR_MTIME, stat.mtime());
    u64(at + FuseStructs.ATTR_CTIME, stat.ctime());
    u32(at + FuseStructs.ATTR_MODE, stat.mode());
    u32(at + FuseStructs.ATTR_NLINK, stat.nlink());
    u32(at + FuseStructs.ATTR_UID, stat.uid());
    u32(at + FuseStructs.ATTR_GID, stat.gid());
    u32(at + FuseStructs.ATTR_RDEV, stat.device());
    u32(at + FuseStructs.ATTR_BLKSIZE, blockBytes);
  }
}
