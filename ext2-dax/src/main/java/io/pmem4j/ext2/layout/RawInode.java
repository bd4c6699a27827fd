// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct ext2_inode}: the 128 bytes of the original format; larger inodes of a table carry
 * more after them, which ext2 leaves alone except for zeroing it in a new inode.
 *
 * <p>A typed pointer, not synchronised: written by one writer, from the inode in memory.
 *
 * @param memory the whole file system
 * @param offset where the structure lies, bytes
 */
public record RawInode(PersistentMemory memory, long offset) {
  /** Size of the original format. */
  public static final int GOOD_OLD_BYTES = 128;

  /** Number of block pointers: 12 direct and three of one, two and three levels. */
  public static final int N_BLOCKS = 15;

  /** The fields in the kernel's order. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          Le.u16("i_mode"),
          Le.u16("i_uid"),
          Le.u32("i_size"),
          Le.u32("i_atime"),
          Le.u32("i_ctime"),
          Le.u32("i_mtime"),
          Le.u32("i_dtime"),
          Le.u16("i_gid"),
          Le.u16("i_links_count"),
          Le.u32("i_blocks"),
          Le.u32("i_flags"),
          Le.u32("l_i_reserved1"),
          Le.words("i_block", 15),
          Le.u32("i_generation"),
          Le.u32("i_file_acl"),
          Le.u32("i_dir_acl"),
          Le.u32("i_faddr"),
          Le.u8("l_i_frag"),
          Le.u8("l_i_fsize"),
          Le.u16("i_pad1"),
          Le.u16("l_i_uid_high"),
          Le.u16("l_i_gid_high"),
          Le.u32("l_i_reserved2"));

  private static final U16 I_MODE = U16.of(LAYOUT, "i_mode");
  private static final U16 I_UID = U16.of(LAYOUT, "i_uid");
  private static final U32 I_SIZE = U32.of(LAYOUT, "i_size");
  private static final U32 I_ATIME = U32.of(LAYOUT, "i_atime");
  private static final U32 I_CTIME = U32.of(LAYOUT, "i_ctime");
  private static final U32 I_MTIME = U32.of(LAYOUT, "i_mtime");
  private static final U32 I_DTIME = U32.of(LAYOUT, "i_dtime");
  private static final U16 I_GID = U16.of(LAYOUT, "i_gid");
  private static final U16 I_LINKS_COUNT = U16.of(LAYOUT, "i_links_count");
  private static final U32 I_BLOCKS = U32.of(LAYOUT, "i_blocks");
  private static final U32 I_FLAGS = U32.of(LAYOUT, "i_flags");
  private static final U32 I_GENERATION = U32.of(LAYOUT, "i_generation");
  private static final U32 I_FILE_ACL = U32.of(LAYOUT, "i_file_acl");
  private static final U32 I_DIR_ACL = U32.of(LAYOUT, "i_dir_acl");
  private static final U32 I_FADDR = U32.of(LAYOUT, "i_faddr");
  private static final U8 L_I_FRAG = U8.of(LAYOUT, "l_i_frag");
  private static final U8 L_I_FSIZE = U8.of(LAYOUT, "l_i_fsize");
  private static final U16 L_I_UID_HIGH = U16.of(LAYOUT, "l_i_uid_high");
  private static final U16 L_I_GID_HIGH = U16.of(LAYOUT, "l_i_gid_high");
  private static final long I_BLOCK =
      LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("i_block"));

  /** {@code i_mode}: type and permissions. */
  public int mode() {
    return I_MODE.get(memory, offset);
  }

  /** Stores {@code i_mode}. */
  public void mode(int value) {
    I_MODE.put(memory, offset, value);
  }

  /** {@code i_uid}: low 16 bits of the owner. */
  public int uidLow() {
    return I_UID.get(memory, offset);
  }

  /** Stores {@code i_uid}. */
  public void uidLow(int value) {
    I_UID.put(memory, offset, value);
  }

  /** {@code i_size}: low 32 bits of the size in bytes. */
  public long sizeLow() {
    return I_SIZE.unsigned(memory, offset);
  }

  /** Stores {@code i_size}. */
  public void sizeLow(long value) {
    I_SIZE.put(memory, offset, (int) value);
  }

  /** {@code i_atime}: access, seconds. */
  public long atime() {
    return I_ATIME.unsigned(memory, offset);
  }

  /** Stores {@code i_atime}. */
  public void atime(long value) {
    I_ATIME.put(memory, offset, (int) value);
  }

  /** {@code i_ctime}: change of the inode, seconds. */
  public long ctime() {
    return I_CTIME.unsigned(memory, offset);
  }

  /** Stores {@code i_ctime}. */
  public void ctime(long value) {
    I_CTIME.put(memory, offset, (int) value);
  }

  /** {@code i_mtime}: change of the data, seconds. */
  public long mtime() {
    return I_MTIME.unsigned(memory, offset);
  }

  /** Stores {@code i_mtime}. */
  public void mtime(long value) {
    I_MTIME.put(memory, offset, (int) value);
  }

  /** {@code i_dtime}: deletion, seconds. */
  public long dtime() {
    return I_DTIME.unsigned(memory, offset);
  }

  /** Stores {@code i_dtime}. */
  public void dtime(long value) {
    I_DTIME.put(memory, offset, (int) value);
  }

  /** {@code i_gid}: low 16 bits of the group. */
  public int gidLow() {
    return I_GID.get(memory, offset);
  }

  /** Stores {@code i_gid}. */
  public void gidLow(int value) {
    I_GID.put(memory, offset, value);
  }

  /** {@code i_links_count}: links. */
  public int linksCount() {
    return I_LINKS_COUNT.get(memory, offset);
  }

  /** Stores {@code i_links_count}. */
  public void linksCount(int value) {
    I_LINKS_COUNT.put(memory, offset, value);
  }

  /** {@code i_blocks}: units of 512 bytes. */
  public long blocks() {
    return I_BLOCKS.unsigned(memory, offset);
  }

  /** Stores {@code i_blocks}. */
  public void blocks(long value) {
    I_BLOCKS.put(memory, offset, (int) value);
  }

  /** {@code i_flags}: EXT2_..._FL bits. */
  public long flags() {
    return I_FLAGS.unsigned(memory, offset);
  }

  /** Stores {@code i_flags}. */
  public void flags(long value) {
    I_FLAGS.put(memory, offset, (int) value);
  }

  /** {@code i_generation}: version for NFS. */
  public long generation() {
    return I_GENERATION.unsigned(memory, offset);
  }

  /** Stores {@code i_generation}. */
  public void generation(long value) {
    I_GENERATION.put(memory, offset, (int) value);
  }

  /** {@code i_file_acl}: block of extended attributes. */
  public long fileAcl() {
    return I_FILE_ACL.unsigned(memory, offset);
  }

  /** Stores {@code i_file_acl}. */
  public void fileAcl(long value) {
    I_FILE_ACL.put(memory, offset, (int) value);
  }

  /** {@code i_dir_acl}: high 32 bits of the size of a regular file. */
  public long dirAcl() {
    return I_DIR_ACL.unsigned(memory, offset);
  }

  /** Stores {@code i_dir_acl}. */
  public void dirAcl(long value) {
    I_DIR_ACL.put(memory, offset, (int) value);
  }

  /** {@code i_faddr}: unused. */
  public long faddr() {
    return I_FADDR.unsigned(memory, offset);
  }

  /** Stores {@code i_faddr}. */
  public void faddr(long value) {
    I_FADDR.put(memory, offset, (int) value);
  }

  /** {@code l_i_frag}: unused. */
  public int frag() {
    return L_I_FRAG.get(memory, offset);
  }

  /** Stores {@code l_i_frag}. */
  public void frag(int value) {
    L_I_FRAG.put(memory, offset, value);
  }

  /** {@code l_i_fsize}: unused. */
  public int fsize() {
    return L_I_FSIZE.get(memory, offset);
  }

  /** Stores {@code l_i_fsize}. */
  public void fsize(int value) {
    L_I_FSIZE.put(memory, offset, value);
  }

  /** {@code l_i_uid_high}: high 16 bits of the owner. */
  public int uidHigh() {
    return L_I_UID_HIGH.get(memory, offset);
  }

  /** Stores {@code l_i_uid_high}. */
  public void uidHigh(int value) {
    L_I_UID_HIGH.put(memory, offset, value);
  }

  /** {@code l_i_gid_high}: high 16 bits of the group. */
  public int gidHigh() {
    return L_I_GID_HIGH.get(memory, offset);
  }

  /** Stores {@code l_i_gid_high}. */
  public void gidHigh(int value) {
    L_I_GID_HIGH.put(memory, offset, value);
  }

  /** {@code i_block[index]}: the bits of a block pointer. */
  public int block(int index) {
    return memory.segment().get(Le.U32, offset + I_BLOCK + 4L * index);
  }

  /** Stores {@code i_block[index]}. */
  public void block(int index, int value) {
    memory.putInt(offset + I_BLOCK + 4L * index, value);
  }
}
