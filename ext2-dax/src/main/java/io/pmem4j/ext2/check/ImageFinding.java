// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

/**
 * An inconsistency of an image.
 *
 * @param kind the kind
 * @param number the number of the structure, as {@link ImageStructure} says
 * @param last the last number of a run of blocks or inodes, otherwise {@code number}
 * @param place the field
 * @param found the value on the medium, or a count that the field disagrees with
 * @param expected the values that are right
 */
public record ImageFinding(
    Kind kind, long number, long last, Place place, long found, Bounds expected) {
  /**
   * A field on the medium.
   *
   * @param field the kernel's name of the field
   * @param offset its first byte in the image
   */
  public record Place(String field, long offset) {}

  /**
   * An inclusive range of values.
   *
   * @param least the least value
   * @param most the greatest value
   */
  public record Bounds(long least, long most) {
    @Override
    public String toString() {
      return least == most ? Long.toString(least) : least + " to " + most;
    }
  }

  /** Returns the structure that the finding is about. */
  public ImageStructure structure() {
    return kind.structure();
  }

  /** Returns one line: structure, number, field, value found, value expected, byte, kind. */
  @Override
  public String toString() {
    return "%s %d%s: %s is %d, expected %s (byte %d, %s)"
        .formatted(
            structure().words(),
            number,
            last == number ? "" : " to " + last,
            place.field(),
            found,
            expected,
            place.offset(),
            kind);
  }

  /** A kind of inconsistency. */
  public enum Kind {
    /** A field of the superblock has a value that it cannot have; most end the check. */
    BAD_SUPERBLOCK(ImageStructure.SUPERBLOCK, false),
    /** A counter of the superblock is not the sum over the groups. */
    TOTAL_FREE_COUNT(ImageStructure.SUPERBLOCK, true),
    /** The superblock was mounted or written in the future. */
    FUTURE_TIME(ImageStructure.SUPERBLOCK, true),
    /** A file needs a feature that the superblock does not name. */
    MISSING_FEATURE(ImageStructure.SUPERBLOCK, false),
    /** A bitmap or a table lies outside its group or over another structure. */
    BAD_DESCRIPTOR(ImageStructure.GROUP_DESCRIPTOR, false),
    /** A counter of free blocks or inodes is not that of the bitmap. */
    FREE_COUNT(ImageStructure.GROUP_DESCRIPTOR, true),
    /** The counter of directories is wrong. */
    DIRECTORY_COUNT(ImageStructure.GROUP_DESCRIPTOR, true),
    /** Blocks are marked as used and belong to nothing. */
    LEAKED_BLOCK(ImageStructure.BLOCK_BITMAP, true),
    /** Blocks are in use and marked as free. */
    BLOCK_NOT_MARKED(ImageStructure.BLOCK_BITMAP, false),
    /** A bit past the blocks of the group is clear. */
    BLOCK_PADDING(ImageStructure.BLOCK_BITMAP, true),
    /** Inodes are marked as used and have no link. */
    LEAKED_INODE(ImageStructure.INODE_BITMAP, true),
    /** Inodes have a link and are marked as free. */
    INODE_NOT_MARKED(ImageStructure.INODE_BITMAP, false),
    /** A bit past the inodes of the group is clear. */
    INODE_PADDING(ImageStructure.INODE_BITMAP, true),
    /** An inode has a link, and no directory names it. */
    ORPHAN(ImageStructure.INODE, true),
    /** An inode has more links than names. */
    LINKS_TOO_HIGH(ImageStructure.INODE, true),
    /** An inode has fewer links than names. */
    LINKS_TOO_LOW(ImageStructure.INODE, false),
    /** An inode without links has a mode and no deletion time. */
    DELETED_WITHOUT_TIME(ImageStructure.INODE, true),
    /** An inode in use has a deletion time, or the time is the number of an inode. */
    DELETION_TIME(ImageStructure.INODE, true),
    /** An inode has blocks past its size. */
    BLOCKS_PAST_SIZE(ImageStructure.INODE, true),
    /** A size is more than the blocks of a directory, or more than a file can have. */
    BAD_SIZE(ImageStructure.INODE, false),
    /** The number of sectors of an inode is not that of its blocks. */
    SECTORS(ImageStructure.INODE, true),
    /** A mode is of no type, or of a type that this inode cannot have. */
    BAD_MODE(ImageStructure.INODE, false),
    /** Flags do not go with the type or the features. */
    BAD_FLAGS(ImageStructure.INODE, false),
    /** A field that ext2 keeps at 0 has a value, or a reserved inode is not clear. */
    FIELD_NOT_ZERO(ImageStructure.INODE, false),
    /** A symbolic link has no size, or a size that its inode or block cannot have. */
    BAD_SYMLINK(ImageStructure.INODE, false),
    /** The part of an inode past its 128 bytes has a wrong size, time or attribute. */
    BAD_EXTRA(ImageStructure.INODE, false),
    /** A pointer leads out of the file system or, of an indirect block, to its metadata. */
    BAD_POINTER(ImageStructure.BLOCK_POINTER, false),
    /** Two references lead to one block. */
    SHARED_BLOCK(ImageStructure.BLOCK_POINTER, false),
    /** A page of a directory is no list of entries, or is missing. */
    BAD_DIRECTORY(ImageStructure.DIRECTORY, false),
    /** The names "." and ".." are not where they belong, or elsewhere. */
    BAD_DOT(ImageStructure.DIRECTORY, false),
    /** The inode in ".." is not the directory that names this one. */
    BAD_PARENT(ImageStructure.DIRECTORY, true),
    /** A name leads to an inode that is deleted, never made or does not exist. */
    DANGLING_NAME(ImageStructure.DIRECTORY, false),
    /** A name is empty, or has a slash or a NUL. */
    BAD_NAME(ImageStructure.DIRECTORY, false),
    /** Two entries of a block have one name. */
    DUPLICATE_NAME(ImageStructure.DIRECTORY, false),
    /** A directory has two names, or names itself or the root. */
    SECOND_NAME(ImageStructure.DIRECTORY, true),
    /** The type in an entry is not that of the inode. */
    WRONG_TYPE(ImageStructure.DIRECTORY, false),
    /** The type in an entry is not given. */
    TYPE_UNKNOWN(ImageStructure.DIRECTORY, true),
    /** The header of a hashed index is wrong; hashes are not compared. */
    BAD_INDEX(ImageStructure.DIRECTORY, false),
    /** No directory, or none that leads to the root, names this one. */
    UNCONNECTED_DIRECTORY(ImageStructure.DIRECTORY, true),
    /** A block of attributes counts more inodes than lead to it. */
    ATTRIBUTE_REFERENCES_TOO_HIGH(ImageStructure.ATTRIBUTE_BLOCK, true),
    /** A block of attributes counts fewer inodes than lead to it. */
    ATTRIBUTE_REFERENCES_TOO_LOW(ImageStructure.ATTRIBUTE_BLOCK, false),
    /** A block of attributes has a header, an entry or a hash that cannot be right. */
    BAD_ATTRIBUTES(ImageStructure.ATTRIBUTE_BLOCK, false);

    private final ImageStructure structure;
    private final boolean tolerable;

    Kind(ImageStructure structure, boolean tolerable) {
      this.structure = structure;
      this.tolerable = tolerable;
    }

    /** Returns the structure that such a finding is about. */
    public ImageStructure structure() {
      return structure;
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
