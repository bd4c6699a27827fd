// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.StringJoiner;

/**
 * The variant of ext2 that an image has.
 *
 * @param inodeBytes bytes of an inode, a power of two from 128 to the size of a block; 0: as mke2fs
 *     chooses
 * @param revision 0 has inodes of 128 bytes and no features; 1 is the default
 * @param metaGroups group descriptors lie beside the groups that they describe: meta_bg
 */
public record ImageFormat(int inodeBytes, int revision, boolean metaGroups) {
  /** The format of a program that says nothing about it. */
  public static final ImageFormat DEFAULT = new ImageFormat(0, 1, false);

  private static final int MIN_INODE_BYTES = 128;
  private static final int MAX_INODE_BYTES = 4096;
  private static final String INODE_BYTES = "inode-size";
  private static final String REVISION = "revision";
  private static final String META_GROUPS = "meta-bg";

  /** Checks the ranges: {@link IllegalArgumentException}. */
  public ImageFormat {
    boolean size =
        inodeBytes >= MIN_INODE_BYTES
            && inodeBytes <= MAX_INODE_BYTES
            && Integer.bitCount(inodeBytes) == 1;
    if (inodeBytes != 0 && !size) {
      throw new IllegalArgumentException(
          INODE_BYTES + " is " + inodeBytes + ", expected a power of two from 128 to 4096");
    }
    if (revision != 0 && revision != 1) {
      throw new IllegalArgumentException(REVISION + " is " + revision + ", expected 0 or 1");
    }
    if (revision == 0 && (inodeBytes != 0 || metaGroups)) {
      throw new IllegalArgumentException("revision 0 has neither features nor sizes of inodes");
    }
  }

  /** Returns whether a word of the text is one of a format. */
  static boolean knows(String word) {
    return word.equals(INODE_BYTES) || word.equals(REVISION) || word.equals(META_GROUPS);
  }

  /**
   * Returns this format with a value.
   *
   * @param word one that {@link #knows} knows
   */
  ImageFormat with(String word, int value) {
    return switch (word) {
      case INODE_BYTES -> new ImageFormat(value, revision, metaGroups);
      case REVISION -> new ImageFormat(inodeBytes, value, metaGroups);
      default -> new ImageFormat(inodeBytes, revision, value != 0);
    };
  }

  /** Returns the words that differ from the default, with their values. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(" ");
    if (inodeBytes != DEFAULT.inodeBytes) {
      text.add(INODE_BYTES + "=" + inodeBytes);
    }
    if (revision != DEFAULT.revision) {
      text.add(REVISION + "=" + revision);
    }
    if (metaGroups) {
      text.add(META_GROUPS + "=1");
    }
    return text.toString();
  }
}
