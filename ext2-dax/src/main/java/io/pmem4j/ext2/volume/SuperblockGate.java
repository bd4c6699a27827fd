// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.PersistentMemory;

/** The first half of {@code ext2_fill_super}: whether a superblock can be mounted. */
final class SuperblockGate {
  /** The newest revision that can be written to. */
  static final int MAX_SUPPORTED_REV = 1;

  private static final int SUPERBLOCK_BITS = 10;

  private SuperblockGate() {}

  /**
   * Returns the superblock at a place.
   *
   * @param kibibytes before it
   * @throws Ext2Exception EINVAL if the memory ends before
   */
  static Superblock find(PersistentMemory memory, long kibibytes) throws Ext2Exception {
    long offset = kibibytes << SUPERBLOCK_BITS;
    if (memory.byteSize() - Superblock.LAYOUT.byteSize() < offset) {
      throw new Ext2Exception(
          Errno.EINVAL,
          "no superblock at byte %d in %d bytes".formatted(offset, memory.byteSize()));
    }
    return new Superblock(memory, offset);
  }

  /**
   * Returns the geometry that a superblock states; stores nothing.
   *
   * @param memoryBytes size of the region that holds the file system
   * @throws Ext2Exception EINVAL for everything that cannot be mounted
   */
  static Geometry check(Superblock superblock, MountOptions options, long memoryBytes)
      throws Ext2Exception {
    if (superblock.magic() != Superblock.MAGIC) {
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "superblock",
          "s_magic",
          "0x" + Integer.toHexString(superblock.magic()),
          "0xef53: this is not an ext2 file system");
    }
    Feature.check(superblock);
    if (!options.readOnly()) {
      Feature.checkWritable(superblock);
    }
    Geometry geometry = Geometry.validated(superblock, memoryBytes);
    int last = geometry.groupsCount() - 1;
    if (DescriptorPlaces.offset(superblock, geometry, last) >> geometry.blockBits()
        >= geometry.blocksCount()) {
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
