// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * One extent as FIEMAP reports it; all positions in bytes.
 *
 * @param logicalBytes position in the file
 * @param physicalBytes position in the file system
 * @param lengthBytes length
 * @param flags {@link #MERGED}, {@link #LAST}
 */
public record Extent(long logicalBytes, long physicalBytes, long lengthBytes, int flags) {
  /** FIEMAP_EXTENT_LAST: nothing follows in the file. */
  public static final int LAST = 0x1;

  /** FIEMAP_EXTENT_MERGED: the file system keeps blocks, not extents. ext2 always says so. */
  public static final int MERGED = 0x1000;
}
