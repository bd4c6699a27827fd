// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.lock.OrderedMutex;

/**
 * The features that the superblock gets when they are used for the first time. Thread-safe: later
 * calls take no lock. They find the mark of the superblock's block: it is older than the flag.
 */
final class LateFeatures {
  private final Superblock superblock;
  private final Geometry geometry;
  private final OrderedMutex sLock;
  private final DirtyBlocks dirtyBlocks;
  private final MetadataOrder order;

  /** The superblock has the feature and its block was marked; never cleared. */
  private volatile boolean largeFile;

  private volatile boolean extendedAttributes;

  LateFeatures(
      Superblock superblock,
      Geometry geometry,
      OrderedMutex sLock,
      DirtyBlocks dirtyBlocks,
      MetadataOrder order) {
    this.superblock = superblock;
    this.geometry = geometry;
    this.sLock = sLock;
    this.dirtyBlocks = dirtyBlocks;
    this.order = order;
    this.largeFile =
        (superblock.featureRoCompat() & Feature.RO_COMPAT_LARGE_FILE) != 0
            && superblock.revLevel() != 0;
    this.extendedAttributes = (superblock.featureCompat() & Feature.COMPAT_EXT_ATTR) != 0;
  }

  /** Adds large_file; returns true if the superblock did not have it. */
  boolean addLargeFile() {
    if (largeFile) {
      return false;
    }
    try (var _ = sLock.hold()) {
      if (largeFile) {
        return false;
      }
      updateRevision();
      superblock.featureRoCompat(superblock.featureRoCompat() | Feature.RO_COMPAT_LARGE_FILE);
      dirtyBlocks.markBytes(superblock.offset());
      largeFile = true;
      return true;
    }
  }

  /** Adds ext_attr: {@code ext2_xattr_update_super_block}, which writes nothing back. */
  void addExtendedAttributes() {
    if (extendedAttributes) {
      return;
    }
    try (var _ = sLock.hold()) {
      updateRevision();
      superblock.featureCompat(superblock.featureCompat() | Feature.COMPAT_EXT_ATTR);
      order.flush(superblock.offset(), Superblock.LAYOUT.byteSize());
      dirtyBlocks.markBytes(superblock.offset());
      extendedAttributes = true;
    }
  }

  /** {@code ext2_update_dynamic_rev}: a file system of revision 0 has no features. */
  private void updateRevision() {
    if (superblock.revLevel() == 0) {
      superblock.firstIno(geometry.firstIno());
      superblock.inodeSize(geometry.inodeSize());
      superblock.revLevel(1);
    }
  }
}
