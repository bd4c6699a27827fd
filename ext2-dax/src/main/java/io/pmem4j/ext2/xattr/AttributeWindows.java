// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

/** The use of a file's reservation window for its block of attributes. */
public enum AttributeWindows {
  /** Linux 5.10: the block is taken from the window, which moves to the file's group for it. */
  LINUX_5_10,
  /** Linux 6.6 and later: the window is for contents alone, which a write-back may allocate. */
  LINUX_6_12;

  boolean used() {
    return this == LINUX_5_10;
  }
}
