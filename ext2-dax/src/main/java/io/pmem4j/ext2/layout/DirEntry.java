// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * {@code struct ext2_dir_entry_2}: the variable-length record that directory blocks are made of.
 *
 * <pre>
 *   0       4        6          7           8                        8 + name_len
 *   +-------+--------+----------+-----------+------------------------+---------+
 *   | inode | rec_len| name_len | file_type | name (no terminator)   | old bytes ...
 *   +-------+--------+----------+-----------+------------------------+---------+
 *   |--------------------------- rec_len, a multiple of 4 -------------------->|
 * </pre>
 *
 * <p>A typed pointer, not synchronised; the lock of the directory's page guards it.
 *
 * @param memory the whole file system
 * @param offset where the entry lies, bytes
 */
public record DirEntry(PersistentMemory memory, long offset) {
  /** Bytes before the name. */
  public static final int HEADER_BYTES = 8;

  /** The longest name, bytes. */
  public static final int MAX_NAME_BYTES = 255;

  /** The fields in the kernel's order, without the name. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          Le.u32("inode"), Le.u16("rec_len"), Le.u8("name_len"), Le.u8("file_type"));

  private static final U32 INODE = U32.of(LAYOUT, "inode");
  private static final U16 REC_LEN = U16.of(LAYOUT, "rec_len");
  private static final U8 NAME_LEN = U8.of(LAYOUT, "name_len");
  private static final U8 FILE_TYPE = U8.of(LAYOUT, "file_type");

  /** {@code EXT2_DIR_REC_LEN}: bytes that an entry with such a name needs. */
  public static int bytesFor(int nameLength) {
    return (nameLength + HEADER_BYTES + 3) & ~3;
  }

  /** {@code inode}: inode number, 0 for an unused entry. */
  public long inode() {
    return INODE.unsigned(memory, offset);
  }

  /** Stores {@code inode}. */
  public void inode(long value) {
    INODE.put(memory, offset, (int) value);
  }

  /** {@code rec_len}: distance to the next entry, bytes. */
  public int recLen() {
    return REC_LEN.get(memory, offset);
  }

  /** Stores {@code rec_len}. */
  public void recLen(int value) {
    REC_LEN.put(memory, offset, value);
  }

  /** {@code name_len}: bytes of the name. */
  public int nameLen() {
    return NAME_LEN.get(memory, offset);
  }

  /** Stores {@code name_len}. */
  public void nameLen(int value) {
    NAME_LEN.put(memory, offset, value);
  }

  /** {@code file_type}: 1 regular, 2 directory, 7 symbolic link. */
  public int fileType() {
    return FILE_TYPE.get(memory, offset);
  }

  /** Stores {@code file_type}. */
  public void fileType(int value) {
    FILE_TYPE.put(memory, offset, value);
  }

  /** The entry that follows this one. */
  public DirEntry next() {
    return new DirEntry(memory, offset + recLen());
  }

  /** Copies the name out. */
  public byte[] name() {
    byte[] name = new byte[nameLen()];
    MemorySegment.copy(memory.segment(), Le.U8, offset + HEADER_BYTES, name, 0, name.length);
    return name;
  }

  /**
   * Returns true for an entry with this name. Copies nothing: a lookup asks thousands of entries.
   */
  public boolean isNamed(byte[] name) {
    if (nameLen() != name.length) {
      return false;
    }
    MemorySegment segment = memory.segment();
    long at = offset + HEADER_BYTES;
    // From the end: names of one directory often begin alike.
    for (int i = name.length - 1; i >= 0; i--) {
      if (segment.get(Le.U8, at + i) != name[i]) {
        return false;
      }
    }
    return true;
  }

  /** Stores the name without padding: what lies behind it keeps its old bytes. */
  public void name(byte[] name) {
    nameLen(name.length);
    memory.copy(offset + HEADER_BYTES, name, 0, name.length);
  }
}
