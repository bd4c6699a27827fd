// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/**
 * A page of a map that was found whole, or was just written. Immutable, so that threads share it
 * without synchronisation.
 */
final class MapNode {
  /** The page and the checksum of its content, as the pointer to it has them. */
  final long word;

  /** The content; never changed. */
  final byte[] bytes;

  /** The number of the commit that wrote it. */
  final long sequence;

  MapNode(long word, byte[] bytes) {
    this.word = word;
    this.bytes = bytes;
    this.sequence = MapPage.sequence(bytes);
  }

  static int page(long word) {
    return (int) word;
  }

  boolean isLeaf() {
    return MapPage.kind(bytes) == MapPage.LEAF;
  }
}
