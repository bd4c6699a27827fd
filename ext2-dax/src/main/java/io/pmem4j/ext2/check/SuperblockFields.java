// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A superblock of any block size and revision, the primary or a backup, with what follows from it.
 * Values are as found: only {@link SuperblockCheck} makes sure that they make sense.
 *
 * @param memory the whole file system
 * @param offset the first byte of the superblock
 */
record SuperblockFields(PersistentMemory memory, long offset) {
  static final int OLD_FIRST_INO = 11;
  static final int OLD_INODE_BYTES = 128;

  /** {@code s_mkfs_time}, which ext2 does not know. */
  static final int MKFS_TIME = 264;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private record Field(long offset, long bytes) {}

  private static final Map<String, Field> FIELDS = new HashMap<>();

  static {
    long at = 0;
    for (MemoryLayout each : Superblock.LAYOUT.memberLayouts()) {
      FIELDS.put(each.name().orElse(""), new Field(at, each.byteSize()));
      at += each.byteSize();
    }
  }

  private static Field field(String name) {
    return Objects.requireNonNull(FIELDS.get(name), name);
  }

  static int u16(PersistentMemory memory, long offset) {
    return Short.toUnsignedInt(memory.segment().get(SHORT, offset));
  }

  static long u32(PersistentMemory memory, long offset) {
    return Integer.toUnsignedLong(memory.segment().get(INT, offset));
  }

  /** Returns the offset of a field in the image. */
  long at(String field) {
    return offset + field(field).offset();
  }

  /** Returns a field of two or four bytes, unsigned. */
  long get(String field) {
    Field known = field(field);
    long at = offset + known.offset();
    return known.bytes() == 2 ? u16(memory, at) : u32(memory, at);
  }

  boolean has(String set, int feature) {
    return (get(set) & feature) != 0;
  }

  boolean isBackup() {
    return offset != Superblock.PRIMARY_OFFSET;
  }

  int blockBytes() {
    return 1024 << get("s_log_block_size");
  }

  long blocks() {
    return get("s_blocks_count");
  }

  long firstBlock() {
    return get("s_first_data_block");
  }

  int groups() {
    return (int) Math.ceilDiv(blocks() - firstBlock(), get("s_blocks_per_group"));
  }

  int inodeBytes() {
    return get("s_rev_level") == 0 ? OLD_INODE_BYTES : (int) get("s_inode_size");
  }

  long firstIno() {
    return get("s_rev_level") == 0 ? OLD_FIRST_INO : get("s_first_ino");
  }

  long groupFirst(int group) {
    return firstBlock() + group * get("s_blocks_per_group");
  }

  long groupLast(int group) {
    return Math.min(blocks(), groupFirst(group) + get("s_blocks_per_group")) - 1;
  }

  /** Returns the blocks of one inode table. */
  long tableBlocks() {
    return Math.ceilDiv(get("s_inodes_per_group") * inodeBytes(), (long) blockBytes());
  }

  long descriptorBlocks() {
    return Math.ceilDiv(groups(), (long) descriptorsPerBlock());
  }

  int descriptorsPerBlock() {
    return blockBytes() / GroupDescriptor.BYTES;
  }

  /** Returns the blocks kept behind the descriptors for more of them. */
  long reservedDescriptorBlocks() {
    return get("s_padding1");
  }

  /** Returns true if descriptors lie in the groups that they describe: meta_bg. */
  boolean hasMetaGroups() {
    return has("s_feature_incompat", SuperblockCheck.INCOMPAT_META_BG);
  }
}
