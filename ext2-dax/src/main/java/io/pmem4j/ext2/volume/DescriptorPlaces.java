// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;

/**
 * The places of group descriptors: behind the superblock that was mounted, or with the feature
 * meta_bg in the group that the block of descriptors describes first.
 */
final class DescriptorPlaces {
  private DescriptorPlaces() {}

  /** {@code descriptor_loc}: returns the first byte of a group's descriptor. */
  static long offset(Superblock superblock, Geometry geometry, int group) {
    int perBlock = geometry.blockBytes() / GroupDescriptor.BYTES;
    int block = group / perBlock;
    boolean meta = (superblock.featureIncompat() & Feature.INCOMPAT_META_BG) != 0;
    long place;
    if (!meta || block < superblock.firstMetaBg()) {
      place = geometry.blockAt(superblock.offset()) + block + 1;
    } else {
      int first = block * perBlock;
      place = geometry.groupFirstBlock(first) + (Geometry.hasSuperblock(superblock, first) ? 1 : 0);
    }
    return geometry.offsetOf(place) + (long) (group % perBlock) * GroupDescriptor.BYTES;
  }
}
