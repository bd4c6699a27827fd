// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

/** A structure of an image that a finding is about. */
public enum ImageStructure {
  /** The superblock; its number is 0, or that of the backup's block. */
  SUPERBLOCK("superblock"),
  /** A group descriptor; its number is the group. */
  GROUP_DESCRIPTOR("group"),
  /** A bit of a block bitmap; its number is the block, of padding the group. */
  BLOCK_BITMAP("block"),
  /** A bit of an inode bitmap; its number is the inode, of padding the group. */
  INODE_BITMAP("inode"),
  /** An inode, its fields, links and attributes in its body. */
  INODE("inode"),
  /** A pointer of an inode or of an indirect block; its number is the inode. */
  BLOCK_POINTER("pointer"),
  /** A directory and its entries; its number is the directory's inode. */
  DIRECTORY("directory"),
  /** A block of extended attributes; its number is the block. */
  ATTRIBUTE_BLOCK("attribute block");

  private final String words;

  ImageStructure(String words) {
    this.words = words;
  }

  /** Returns the words of messages. */
  public String words() {
    return words;
  }
}
