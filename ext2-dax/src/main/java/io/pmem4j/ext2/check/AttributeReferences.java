// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.AttributeHeader;
import io.pmem4j.ext2.layout.RawInode;
import java.util.Map;
import java.util.TreeMap;

/** The blocks of attributes that inodes lead to, and how many lead to each. */
final class AttributeReferences {
  private static final int REFCOUNT = 4;
  private static final int BLOCKS = 8;

  private final CheckedImage image;
  private final Map<Long, Integer> users = new TreeMap<>();

  AttributeReferences(CheckedImage image) {
    this.image = image;
  }

  /** Counts an inode's block of attributes; returns false if it has none that can be read. */
  boolean use(int ino, RawInode inode) {
    long block = inode.fileAcl();
    if (block == 0) {
      return false;
    }
    long slot = inode.offset() + InodeFields.offset("i_file_acl");
    boolean feature = image.superblock.has("s_feature_compat", SuperblockCheck.COMPAT_EXT_ATTR);
    if (!feature || !image.isBlock(block)) {
      if (!image.isOrdinary(ino)) {
        return false;
      }
      long least = feature ? Math.max(image.superblock.firstBlock(), 1) : 0;
      long most = feature ? image.blocks() - 1 : 0;
      image.add(Kind.BAD_POINTER, ino, "i_file_acl", slot, block, least, most);
      return false;
    }
    if (users.merge(block, 1, Integer::sum) > 1) {
      return true;
    }
    header(block);
    AttributeBlockCheck.check(image, block);
    if (!image.claim(block)) {
      image.add(Kind.SHARED_BLOCK, ino, "i_file_acl", slot, block, 0);
    }
    return true;
  }

  private void header(long block) {
    long at = image.at(block);
    expect(block, "h_magic", at, AttributeHeader.MAGIC & 0xffffffffL);
    expect(block, "h_blocks", at + BLOCKS, 1);
  }

  private void expect(long block, String field, long at, long expected) {
    if (image.u32(at) != expected) {
      image.add(Kind.BAD_ATTRIBUTES, block, field, at, image.u32(at), expected);
    }
  }

  /** Compares the counters of the blocks with the inodes that lead to them. */
  void compare() {
    users.forEach((block, inodes) -> {
      long at = image.at(block) + REFCOUNT;
      long found = image.u32(at);
      if (found != inodes) {
        Kind kind =
            found > inodes ? Kind.ATTRIBUTE_REFERENCES_TOO_HIGH : Kind.ATTRIBUTE_REFERENCES_TOO_LOW;
        image.add(kind, block, "h_refcount", at, found, inodes);
      }
    });
  }
}
