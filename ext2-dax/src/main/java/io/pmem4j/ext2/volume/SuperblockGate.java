// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.UnsupportedFeatureException;
import io.pmem4j.ext2.layout.Superblock;

/** The first half of {@code ext2_fill_super}: whether a superblock can be mounted. */
final class SuperblockGate {
  private static final int MAX_SUPPORTED_REV = 1;

  private SuperblockGate() {}

  /**
   * Returns the geometry that a superblock states; stores nothing.
   *
   * @param memoryBytes size of the region that holds the file system
   * @throws Ext2Exception EINVAL for everything that cannot be mounted
   */
  static Geometry check(Superblock superblock, long memoryBytes) throws Ext2Exception {
    if (superblock.magic() != Superblock.MAGIC) {
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "superblock",
          "s_magic",
          "0x" + Integer.toHexString(superblock.magic()),
          "0xef53: this is not an ext2 file system");
    }
    Feature.check(superblock);
    Geometry geometry = Geometry.validated(superblock, memoryBytes);
    if (superblock.revLevel() > MAX_SUPPORTED_REV) {
      throw new UnsupportedFeatureException(
          "s_rev_level " + superblock.revLevel(), "revision level too high");
    }
    long descriptors = geometry.blockAt(superblock.offset()) + 1;
    if (descriptors + geometry.descriptorBlocks() > geometry.blocksCount()) {
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "superblock",
          "s_blocks_count",
          Long.toString(geometry.blocksCount()),
          "room for the group descriptors");
    }
    return geometry;
  }
}
