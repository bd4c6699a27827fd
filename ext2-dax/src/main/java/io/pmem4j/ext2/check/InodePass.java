// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;

/** The pass over all inodes: fields, blocks and attributes, without names. */
final class InodePass {
  private static final int BAD_BLOCKS_INO = 1;
  private static final int QUOTA_INO = 3;
  private static final int GROUP_QUOTA_INO = 4;
  private static final int BOOT_INO = 5;
  private static final int JOURNAL_INO = 8;

  private final CheckedImage image;
  private final AttributeReferences attributes;
  private final boolean deletionTimesCount;

  private InodePass(CheckedImage image) {
    this.image = image;
    this.attributes = new AttributeReferences(image);
    // On file systems of the seventies a deletion time may be as small as an inode number.
    this.deletionTimesCount =
        isLate(image.superblock.get("s_wtime"))
            && isLate(image.superblock.get("s_mtime"))
            && isLate(image.u32(image.superblock.offset() + SuperblockFields.MKFS_TIME));
  }

  private boolean isLate(long time) {
    return time == 0 || time >= image.inodes();
  }

  static void run(CheckedImage image) {
    InodePass pass = new InodePass(image);
    for (int ino = 1; ino <= image.inodes(); ino++) {
      pass.inode(ino);
    }
    pass.attributes.compare();
    pass.largeFiles();
  }

  private void add(Kind kind, RawInode inode, int ino, String field, long found, long expected) {
    image.add(kind, ino, field, inode.offset() + InodeFields.offset(field), found, expected);
  }

  private void inode(int ino) {
    RawInode inode = image.inode(ino);
    InodeFields fields = new InodeFields(image, inode, ino);
    long dtime = inode.dtime();
    if (dtime != 0 && dtime < image.inodes() && deletionTimesCount) {
      add(Kind.DELETION_TIME, inode, ino, "i_dtime", dtime, 0);
    }
    boolean linked = inode.linksCount() != 0;
    if (!linked && ino >= image.firstIno()) {
      if (dtime == 0 && inode.mode() != 0) {
        image.add(
            Kind.DELETED_WITHOUT_TIME,
            ino,
            "i_dtime",
            inode.offset() + InodeFields.offset("i_dtime"),
            0,
            1,
            0xffffffffL);
      }
      return;
    }
    fields.features();
    if (ino == BAD_BLOCKS_INO) {
      badBlocks(inode);
      return;
    }
    if (ino == CheckedImage.ROOT_INO) {
      if (!fields.isDirectory()) {
        add(Kind.BAD_MODE, inode, ino, "i_mode", inode.mode(), FileMode.DIRECTORY | 0755);
      }
    } else if (ino == JOURNAL_INO || ino == QUOTA_INO || ino == GROUP_QUOTA_INO) {
      image.used.set(ino);
      if (linked || inode.blocks() != 0 || inode.block(0) != 0) {
        add(Kind.FIELD_NOT_ZERO, inode, ino, "i_links_count", inode.linksCount(), 0);
      }
    } else if (ino < image.firstIno()) {
      image.used.set(ino);
      reserved(inode, ino);
      new InodeBlocks(image, inode, ino, attributes).check();
      return;
    }
    if (!linked) {
      return;
    }
    if (dtime != 0) {
      add(Kind.DELETION_TIME, inode, ino, "i_dtime", dtime, 0);
    }
    image.used.set(ino);
    fields.zeros();
    InodeExtra.check(image, inode, ino);
    fields.type();
    if (fields.isDirectory()) {
      image.directories.set(ino);
    }
    new InodeBlocks(image, inode, ino, attributes).check();
  }

  /** The inode of bad blocks has pointers and nothing else. */
  private void badBlocks(RawInode inode) {
    int ino = BAD_BLOCKS_INO;
    image.used.set(ino);
    zero(inode, ino, "i_mode", inode.mode());
    zero(inode, ino, "i_uid", inode.uidLow());
    zero(inode, ino, "i_gid", inode.gidLow());
    zero(inode, ino, "i_links_count", inode.linksCount());
    zero(inode, ino, "i_file_acl", inode.fileAcl());
    BlockTree.walk(image, inode, new InodeBlocks(image, inode, ino, attributes));
  }

  /** Since LARGE_FILE the upper half of a size counts, which an older driver would cut off. */
  private void largeFiles() {
    SuperblockFields superblock = image.superblock;
    int feature = SuperblockCheck.RO_COMPAT_LARGE_FILE;
    if (InodeBlocks.isLarge(image.largestFile)
        && (!superblock.has("s_feature_ro_compat", feature)
            || superblock.get("s_rev_level") == 0)) {
      long found = superblock.get("s_feature_ro_compat");
      String field = "s_feature_ro_compat";
      image.add(Kind.MISSING_FEATURE, 0, field, superblock.at(field), found, found | feature);
    }
  }

  private void zero(RawInode inode, int ino, String field, long found) {
    if (found != 0) {
      add(Kind.FIELD_NOT_ZERO, inode, ino, field, found, 0);
    }
  }

  private void reserved(RawInode inode, int ino) {
    int type = inode.mode() & FileMode.TYPE_MASK;
    boolean right =
        switch (ino) {
          case BOOT_INO -> type != FileMode.DIRECTORY;
          case ResizeInodeCheck.INO -> inode.mode() == 0 || type == FileMode.REGULAR;
          default -> inode.mode() == 0;
        };
    if (!right) {
      add(Kind.BAD_MODE, inode, ino, "i_mode", inode.mode(), 0);
    }
  }
}
