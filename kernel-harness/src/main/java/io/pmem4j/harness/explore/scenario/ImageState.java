// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

/** A kind of shared state that {@link InstrumentedMemory} announces. */
public enum ImageState {
  /** The primary superblock of the image. */
  SUPERBLOCK,
  /** The block of group descriptors. */
  GROUP_DESCRIPTORS,
  /** The block of the block bitmap. */
  BLOCK_BITMAP,
  /** The block of the inode bitmap. */
  INODE_BITMAP,
  /** Any other block; its number tells it from others. */
  BLOCK,
  /** The set of lines that are durable. */
  DURABLE_LINES
}
