// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

/**
 * An inconsistency of an image.
 *
 * @param kind the kind
 * @param number the block or the inode
 */
public record ImageFinding(Kind kind, long number) {
  /** A kind of inconsistency. */
  public enum Kind {
    /** A block is marked as used and belongs to nothing. */
    LEAKED_BLOCK(true),
    /** An inode is marked as used and has no link. */
    LEAKED_INODE(true),
    /** An inode has a link, and no directory names it. */
    ORPHAN(true),
    /** An inode has more links than names. */
    LINKS_TOO_HIGH(true),
    /** An inode without links has a mode and no deletion time. */
    DELETED_WITHOUT_TIME(true),
    /** An inode has blocks past its size. */
    BLOCKS_PAST_SIZE(true),
    /** The number of sectors of an inode is not that of its blocks. */
    SECTORS(true),
    /** A counter of free blocks or inodes is not that of the bitmap; the number is the group. */
    FREE_COUNT(true),
    /** A block of attributes counts more inodes than lead to it. */
    ATTRIBUTE_REFERENCES_TOO_HIGH(true),
    /** A block of attributes counts fewer inodes than lead to it. */
    ATTRIBUTE_REFERENCES_TOO_LOW(false),
    /** A block of attributes has a header, an entry or a hash that cannot be right. */
    BAD_ATTRIBUTES(false),
    /** Two references lead to one block. */
    SHARED_BLOCK(false),
    /** A block is in use and marked as free. */
    BLOCK_NOT_MARKED(false),
    /** A pointer leads out of the file system or to its metadata. */
    BAD_POINTER(false),
    /** An inode has a link and is marked as free. */
    INODE_NOT_MARKED(false),
    /** A name leads to an inode that is deleted, never made or does not exist. */
    DANGLING_NAME(false),
    /** An inode has fewer links than names. */
    LINKS_TOO_LOW(false),
    /** A page of a directory is no list of entries, or is missing. */
    BAD_DIRECTORY(false),
    /** The type in an entry is not that of the inode. */
    WRONG_TYPE(false),
    /** A symbolic link has no size, or a size that its inode or block cannot have. */
    BAD_SYMLINK(false);

    private final boolean tolerable;

    Kind(boolean tolerable) {
      this.tolerable = tolerable;
    }

    /**
     * Returns true for what a crash may leave behind with {@code mount -o ordered}: space is lost
     * or a number is wrong, and e2fsck repairs it without loss.
     */
    public boolean isTolerable() {
      return tolerable;
    }
  }
}
