// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.UnsupportedFeatureException;
import io.pmem4j.ext2.check.ImageFinding.Bounds;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.check.ImageFinding.Place;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The choice of a superblock that a check can work with: the primary, or the first backup when a
 * value of the primary makes no sense.
 */
final class SuperblockCheck {
  static final int COMPAT_EXT_ATTR = 0x8;
  static final int COMPAT_RESIZE_INODE = 0x10;
  static final int COMPAT_DIR_INDEX = 0x20;
  static final int INCOMPAT_FILETYPE = 0x2;
  static final int INCOMPAT_META_BG = 0x10;
  static final int RO_COMPAT_SPARSE_SUPER = 0x1;
  static final int RO_COMPAT_LARGE_FILE = 0x2;

  /** Preallocation, AFS inodes, attributes, resize inode, index. */
  private static final int COMPAT_KNOWN = 0x3b;

  private static final int RO_COMPAT_KNOWN = 0x3;
  private static final int BACKUP_SIZES = 3;
  private static final int LEAST_GROUP = 8;
  private static final int GROUP_OVERHEAD = 4;
  private static final long MOST_INODES_PER_GROUP = (1 << 16) - 8;
  private static final int STRUCTURE_BYTES = 1024;

  private final SuperblockFields fields;
  private final List<ImageFinding> findings = new ArrayList<>();

  private SuperblockCheck(SuperblockFields fields) {
    this.fields = fields;
  }

  /**
   * Returns the superblock to check the image by, or null if there is none; reports what is wrong
   * with the primary.
   *
   * @throws Ext2Exception if this is no ext2 file system, or has features that ext2 has not
   */
  static @Nullable SuperblockFields choose(PersistentMemory memory, Consumer<ImageFinding> sink)
      throws Ext2Exception {
    if (memory.byteSize() < Superblock.PRIMARY_OFFSET + STRUCTURE_BYTES) {
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "image",
          "size",
          Long.toString(memory.byteSize()),
          "at least " + (Superblock.PRIMARY_OFFSET + STRUCTURE_BYTES));
    }
    SuperblockCheck primary =
        new SuperblockCheck(new SuperblockFields(memory, Superblock.PRIMARY_OFFSET));
    primary.values();
    if (primary.findings.isEmpty()) {
      primary.requireKnownFeatures();
      return primary.fields;
    }
    SuperblockFields backup = backup(memory);
    if (backup == null && primary.fields.get("s_magic") != Superblock.MAGIC) {
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "superblock",
          "s_magic",
          "0x%x".formatted(primary.fields.get("s_magic")),
          "0x%x, there or in a backup: no ext2 file system".formatted(Superblock.MAGIC));
    }
    primary.findings.forEach(sink);
    return backup;
  }

  /** Returns the first backup that makes sense, where groups have the usual size, or null. */
  private static @Nullable SuperblockFields backup(PersistentMemory memory) throws Ext2Exception {
    for (int size = 0; size < BACKUP_SIZES; size++) {
      int blockBytes = 1024 << size;
      SuperblockFields backup =
          backupAt(memory, (long) blockBytes * Byte.SIZE + (size == 0 ? 1 : 0), blockBytes);
      if (backup != null) {
        return backup;
      }
    }
    return null;
  }

  /** Returns the backup in the second group of a superblock that makes sense, or null. */
  static @Nullable SuperblockFields backupOf(SuperblockFields superblock) throws Ext2Exception {
    return backupAt(superblock.memory(), superblock.groupFirst(1), superblock.blockBytes());
  }

  private static @Nullable SuperblockFields backupAt(
      PersistentMemory memory, long block, int blockBytes) throws Ext2Exception {
    long offset = block * blockBytes;
    if (offset + blockBytes > memory.byteSize()) {
      return null;
    }
    SuperblockCheck check = new SuperblockCheck(new SuperblockFields(memory, offset));
    check.values();
    if (!check.findings.isEmpty() || check.fields.blockBytes() != blockBytes) {
      return null;
    }
    check.requireKnownFeatures();
    return check.fields;
  }

  private void requireKnownFeatures() throws UnsupportedFeatureException {
    refuse("s_feature_compat", ~COMPAT_KNOWN);
    refuse("s_feature_incompat", ~(INCOMPAT_FILETYPE | INCOMPAT_META_BG));
    refuse("s_feature_ro_compat", ~RO_COMPAT_KNOWN);
  }

  private void refuse(String set, int unknown) throws UnsupportedFeatureException {
    long found = fields.get(set) & unknown & 0xffffffffL;
    if (found != 0) {
      String feature = "%s 0x%x".formatted(set, found);
      throw new UnsupportedFeatureException(
          feature,
          "superblock: feature " + feature + " is not known to the check: nothing was checked");
    }
  }

  private boolean within(String field, long least, long most) {
    return require(field, fields.get(field), least, most);
  }

  private boolean require(String field, long value, long least, long most) {
    if (value < least || value > most) {
      findings.add(
          new ImageFinding(
              Kind.BAD_SUPERBLOCK,
              0,
              0,
              new Place(field, fields.at(field)),
              value,
              new Bounds(least, most)));
      return false;
    }
    return true;
  }

  /** Checks the values in the order in which they depend on each other. */
  private void values() {
    long log = fields.get("s_log_block_size");
    if (!within("s_magic", Superblock.MAGIC, Superblock.MAGIC)
        || !within("s_rev_level", 0, 1)
        || !within("s_log_block_size", 0, 2)
        || !within("s_log_frag_size", log, log)) {
      return;
    }
    long block = fields.blockBytes();
    long inode = fields.inodeBytes();
    if (!require("s_inode_size", inode, SuperblockFields.OLD_INODE_BYTES, block)
        || !require("s_inode_size", inode, Long.highestOneBit(inode), Long.highestOneBit(inode))) {
      return;
    }
    long descriptor = fields.get("s_reserved_word_pad");
    if (descriptor != 0) {
      long power = Math.min(Long.highestOneBit(descriptor), STRUCTURE_BYTES);
      require("s_reserved_word_pad", descriptor, power, power);
    }
    long held = fields.memory().byteSize() / block;
    long bits = block * Byte.SIZE;
    long perGroup = fields.get("s_blocks_per_group");
    long inodesPerBlock = block / inode;
    long most = Math.min(inodesPerBlock * (perGroup - GROUP_OVERHEAD), MOST_INODES_PER_GROUP);
    long first = log == 0 ? 1 : 0;
    if (!within("s_blocks_per_group", LEAST_GROUP, bits)
        || !within("s_frags_per_group", perGroup, perGroup)
        || !within("s_first_data_block", first, first)
        || !within("s_blocks_count", first + 1, Math.min(held, Integer.MAX_VALUE))
        || !within("s_inodes_per_group", inodesPerBlock, Math.min(most, bits))
        || !within("s_r_blocks_count", 0, fields.blocks() / 2)) {
      return;
    }
    long inodes = fields.groups() * fields.get("s_inodes_per_group");
    if (!within("s_inodes_count", inodes, Math.min(inodes, Integer.MAX_VALUE))) {
      return;
    }
    if (fields.get("s_rev_level") > 0) {
      within("s_first_ino", SuperblockFields.OLD_FIRST_INO, inodes);
    }
    within("s_padding1", 0, block / 4);
    if (fields.hasMetaGroups() && !within("s_first_meta_bg", 0, fields.descriptorBlocks())) {
      return;
    }
    long end = new DescriptorBlocks(fields).end();
    if (end > held) {
      require("s_blocks_count", fields.blocks(), end, Integer.MAX_VALUE);
    }
  }
}
