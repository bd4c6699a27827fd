// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct ext2_super_block}: 1024 bytes at byte 1024 of the file system.
 *
 * <p>A typed pointer: accessors read the medium, setters store through {@link PersistentMemory}.
 * Not synchronised; the volume's {@code s_lock} guards the fields that change.
 *
 * @param memory the whole file system
 * @param offset where the structure lies, bytes
 */
public record Superblock(PersistentMemory memory, long offset) {
  /** The offset of the primary superblock, bytes from the start of the file system. */
  public static final long PRIMARY_OFFSET = 1024;

  /** Value of {@code s_magic}. */
  public static final int MAGIC = 0xEF53;

  /** Bit of {@code s_state}: cleanly unmounted. */
  public static final int VALID_FS = 1;

  /** EXT2_ERRORS_CONTINUE of {@code s_errors}. */
  public static final int ERRORS_CONTINUE = 1;

  /** EXT2_ERRORS_PANIC of {@code s_errors}. */
  public static final int ERRORS_PANIC = 3;

  /** Bit of {@code s_state}: errors were seen. */
  public static final int ERROR_FS = 2;

  /** The fields in the kernel's order. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          Le.u32("s_inodes_count"),
          Le.u32("s_blocks_count"),
          Le.u32("s_r_blocks_count"),
          Le.u32("s_free_blocks_count"),
          Le.u32("s_free_inodes_count"),
          Le.u32("s_first_data_block"),
          Le.u32("s_log_block_size"),
          Le.u32("s_log_frag_size"),
          Le.u32("s_blocks_per_group"),
          Le.u32("s_frags_per_group"),
          Le.u32("s_inodes_per_group"),
          Le.u32("s_mtime"),
          Le.u32("s_wtime"),
          Le.u16("s_mnt_count"),
          Le.u16("s_max_mnt_count"),
          Le.u16("s_magic"),
          Le.u16("s_state"),
          Le.u16("s_errors"),
          Le.u16("s_minor_rev_level"),
          Le.u32("s_lastcheck"),
          Le.u32("s_checkinterval"),
          Le.u32("s_creator_os"),
          Le.u32("s_rev_level"),
          Le.u16("s_def_resuid"),
          Le.u16("s_def_resgid"),
          Le.u32("s_first_ino"),
          Le.u16("s_inode_size"),
          Le.u16("s_block_group_nr"),
          Le.u32("s_feature_compat"),
          Le.u32("s_feature_incompat"),
          Le.u32("s_feature_ro_compat"),
          Le.bytes("s_uuid", 16),
          Le.bytes("s_volume_name", 16),
          Le.bytes("s_last_mounted", 64),
          Le.u32("s_algorithm_usage_bitmap"),
          Le.u8("s_prealloc_blocks"),
          Le.u8("s_prealloc_dir_blocks"),
          Le.u16("s_padding1"),
          Le.bytes("s_journal_uuid", 16),
          Le.u32("s_journal_inum"),
          Le.u32("s_journal_dev"),
          Le.u32("s_last_orphan"),
          Le.words("s_hash_seed", 4),
          Le.u8("s_def_hash_version"),
          Le.u8("s_reserved_char_pad"),
          Le.u16("s_reserved_word_pad"),
          Le.u32("s_default_mount_opts"),
          Le.u32("s_first_meta_bg"),
          Le.words("s_reserved", 190));

  private static final U32 S_INODES_COUNT = U32.of(LAYOUT, "s_inodes_count");
  private static final U32 S_BLOCKS_COUNT = U32.of(LAYOUT, "s_blocks_count");
  private static final U32 S_R_BLOCKS_COUNT = U32.of(LAYOUT, "s_r_blocks_count");
  private static final U32 S_FREE_BLOCKS_COUNT = U32.of(LAYOUT, "s_free_blocks_count");
  private static final U32 S_FREE_INODES_COUNT = U32.of(LAYOUT, "s_free_inodes_count");
  private static final U32 S_FIRST_DATA_BLOCK = U32.of(LAYOUT, "s_first_data_block");
  private static final U32 S_LOG_BLOCK_SIZE = U32.of(LAYOUT, "s_log_block_size");
  private static final U32 S_LOG_FRAG_SIZE = U32.of(LAYOUT, "s_log_frag_size");
  private static final U32 S_BLOCKS_PER_GROUP = U32.of(LAYOUT, "s_blocks_per_group");
  private static final U32 S_INODES_PER_GROUP = U32.of(LAYOUT, "s_inodes_per_group");
  private static final U32 S_MTIME = U32.of(LAYOUT, "s_mtime");
  private static final U32 S_WTIME = U32.of(LAYOUT, "s_wtime");
  private static final U16 S_MNT_COUNT = U16.of(LAYOUT, "s_mnt_count");
  private static final U16 S_MAX_MNT_COUNT = U16.of(LAYOUT, "s_max_mnt_count");
  private static final U16 S_MAGIC = U16.of(LAYOUT, "s_magic");
  private static final U16 S_STATE = U16.of(LAYOUT, "s_state");
  private static final U16 S_ERRORS = U16.of(LAYOUT, "s_errors");
  private static final U32 S_REV_LEVEL = U32.of(LAYOUT, "s_rev_level");
  private static final U16 S_DEF_RESUID = U16.of(LAYOUT, "s_def_resuid");
  private static final U16 S_DEF_RESGID = U16.of(LAYOUT, "s_def_resgid");
  private static final U32 S_FIRST_INO = U32.of(LAYOUT, "s_first_ino");
  private static final U16 S_INODE_SIZE = U16.of(LAYOUT, "s_inode_size");
  private static final U32 S_FEATURE_COMPAT = U32.of(LAYOUT, "s_feature_compat");
  private static final U32 S_FEATURE_INCOMPAT = U32.of(LAYOUT, "s_feature_incompat");
  private static final U32 S_FEATURE_RO_COMPAT = U32.of(LAYOUT, "s_feature_ro_compat");
  private static final U32 S_DEFAULT_MOUNT_OPTS = U32.of(LAYOUT, "s_default_mount_opts");
  private static final U32 S_FIRST_META_BG = U32.of(LAYOUT, "s_first_meta_bg");

  /** {@code s_inodes_count}: inodes in the file system. */
  public long inodesCount() {
    return S_INODES_COUNT.unsigned(memory, offset);
  }

  /** {@code s_blocks_count}: blocks in the file system. */
  public long blocksCount() {
    return S_BLOCKS_COUNT.unsigned(memory, offset);
  }

  /** {@code s_r_blocks_count}: blocks kept for the super-user. */
  public long reservedBlocksCount() {
    return S_R_BLOCKS_COUNT.unsigned(memory, offset);
  }

  /** {@code s_free_blocks_count}: free blocks, as of the last sync. */
  public long freeBlocksCount() {
    return S_FREE_BLOCKS_COUNT.unsigned(memory, offset);
  }

  /** Stores {@code s_free_blocks_count}. */
  public void freeBlocksCount(long value) {
    S_FREE_BLOCKS_COUNT.put(memory, offset, (int) value);
  }

  /** {@code s_free_inodes_count}: free inodes, as of the last sync. */
  public long freeInodesCount() {
    return S_FREE_INODES_COUNT.unsigned(memory, offset);
  }

  /** Stores {@code s_free_inodes_count}. */
  public void freeInodesCount(long value) {
    S_FREE_INODES_COUNT.put(memory, offset, (int) value);
  }

  /** {@code s_first_data_block}: 0 when blocks are 4096 bytes. */
  public long firstDataBlock() {
    return S_FIRST_DATA_BLOCK.unsigned(memory, offset);
  }

  /** {@code s_log_block_size}: block size is 1024 shifted left by this. */
  public long logBlockSize() {
    return S_LOG_BLOCK_SIZE.unsigned(memory, offset);
  }

  /** {@code s_log_frag_size}: fragment size, the same as the block size. */
  public long logFragSize() {
    return S_LOG_FRAG_SIZE.unsigned(memory, offset);
  }

  /** {@code s_blocks_per_group}: blocks in a group. */
  public long blocksPerGroup() {
    return S_BLOCKS_PER_GROUP.unsigned(memory, offset);
  }

  /** {@code s_inodes_per_group}: inodes in a group. */
  public long inodesPerGroup() {
    return S_INODES_PER_GROUP.unsigned(memory, offset);
  }

  /** {@code s_wtime}: seconds, the last sync of this structure. */
  public long wtime() {
    return S_WTIME.unsigned(memory, offset);
  }

  /** Stores {@code s_wtime}. */
  public void wtime(long value) {
    S_WTIME.put(memory, offset, (int) value);
  }

  /** {@code s_mtime}: seconds, the last remount to read-only. */
  public long mtime() {
    return S_MTIME.unsigned(memory, offset);
  }

  /** Stores {@code s_mtime}. */
  public void mtime(long value) {
    S_MTIME.put(memory, offset, (int) value);
  }

  /** {@code s_mnt_count}: read-write mounts since the last check. */
  public int mntCount() {
    return S_MNT_COUNT.get(memory, offset);
  }

  /** Stores {@code s_mnt_count}. */
  public void mntCount(int value) {
    S_MNT_COUNT.put(memory, offset, value);
  }

  /** {@code s_max_mnt_count}: mounts after which a check is advised. */
  public int maxMntCount() {
    return S_MAX_MNT_COUNT.get(memory, offset);
  }

  /** Stores {@code s_max_mnt_count}. */
  public void maxMntCount(int value) {
    S_MAX_MNT_COUNT.put(memory, offset, value);
  }

  /** {@code s_magic}: 0xEF53. */
  public int magic() {
    return S_MAGIC.get(memory, offset);
  }

  /** {@code s_state}: bit 0 valid, bit 1 errors. */
  public int state() {
    return S_STATE.get(memory, offset);
  }

  /** Stores {@code s_state}. */
  public void state(int value) {
    S_STATE.put(memory, offset, value);
  }

  /** {@code s_errors}: 1 continue, 2 read-only, 3 panic. */
  public int errors() {
    return S_ERRORS.get(memory, offset);
  }

  /** {@code s_rev_level}: 0 original, 1 dynamic. */
  public long revLevel() {
    return S_REV_LEVEL.unsigned(memory, offset);
  }

  /** Stores {@code s_rev_level}. */
  public void revLevel(long value) {
    S_REV_LEVEL.put(memory, offset, (int) value);
  }

  /** {@code s_def_resuid}: user of the reserved blocks. */
  public int defResuid() {
    return S_DEF_RESUID.get(memory, offset);
  }

  /** {@code s_def_resgid}: group of the reserved blocks. */
  public int defResgid() {
    return S_DEF_RESGID.get(memory, offset);
  }

  /** {@code s_first_ino}: first inode number for files. */
  public long firstIno() {
    return S_FIRST_INO.unsigned(memory, offset);
  }

  /** Stores {@code s_first_ino}. */
  public void firstIno(long value) {
    S_FIRST_INO.put(memory, offset, (int) value);
  }

  /** {@code s_inode_size}: bytes of an inode in the table. */
  public int inodeSize() {
    return S_INODE_SIZE.get(memory, offset);
  }

  /** Stores {@code s_inode_size}. */
  public void inodeSize(int value) {
    S_INODE_SIZE.put(memory, offset, value);
  }

  /** {@code s_feature_compat}: features that may be ignored. */
  public long featureCompat() {
    return S_FEATURE_COMPAT.unsigned(memory, offset);
  }

  /** Stores {@code s_feature_compat}. */
  public void featureCompat(long value) {
    S_FEATURE_COMPAT.put(memory, offset, (int) value);
  }

  /** {@code s_feature_incompat}: features that forbid a mount when unknown. */
  public long featureIncompat() {
    return S_FEATURE_INCOMPAT.unsigned(memory, offset);
  }

  /** {@code s_feature_ro_compat}: features that forbid writing when unknown. */
  public long featureRoCompat() {
    return S_FEATURE_RO_COMPAT.unsigned(memory, offset);
  }

  /** Stores {@code s_feature_ro_compat}. */
  public void featureRoCompat(long value) {
    S_FEATURE_RO_COMPAT.put(memory, offset, (int) value);
  }

  /** {@code s_default_mount_opts}: options that the image asks for. */
  public long defaultMountOpts() {
    return S_DEFAULT_MOUNT_OPTS.unsigned(memory, offset);
  }

  /** {@code s_first_meta_bg}: first group with descriptors of the meta_bg kind. */
  public long firstMetaBg() {
    return S_FIRST_META_BG.unsigned(memory, offset);
  }
}
