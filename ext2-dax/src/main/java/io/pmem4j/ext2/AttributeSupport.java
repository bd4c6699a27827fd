// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** The choice of a kind of extended attributes at mount. */
public enum AttributeSupport {
  /** Follows the default mount options of the superblock. */
  SUPERBLOCK,
  /** Has the attributes. */
  ON,
  /** Has them not: what is on the medium stays there. */
  OFF
}
