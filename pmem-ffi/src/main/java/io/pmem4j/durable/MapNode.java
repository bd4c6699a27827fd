// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import org.jspecify.annotations.Nullable;

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

  /** The first bytes of the keys, once they were searched; volatile for their content. */
  private volatile long @Nullable [] heads;

  MapNode(long word, byte[] bytes) {
    this.word = word;
    this.bytes = bytes;
    this.sequence = MapPage.sequence(bytes);
  }

  static int page(long word) {
    return (int) word;
  }

  /**
   * Returns the index of the entry of a key in a leaf, or -1 less the place where it would be. The
   * first bytes of all keys lie side by side, so that a search meets few lines of memory.
   */
  int find(byte[] key) {
    int low = place(key, 0);
    return low > 0 && MapPage.compare(bytes, low - 1, key) == 0 ? low - 1 : -1 - low;
  }

  /** Returns the index of the child of a branch that a key belongs to. */
  int child(byte[] key) {
    return place(key, 1) - 1;
  }

  /** Returns the number of entries up to a key, or the first index if there are fewer. */
  private int place(byte[] key, int first) {
    long[] all = heads();
    long wanted = MapPage.head(key, 0, key.length);
    int low = first;
    int high = all.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long head = all[middle];
      if (head < wanted || (head == wanted && MapPage.compare(bytes, middle, key) <= 0)) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private long[] heads() {
    long[] found = heads;
    if (found == null) {
      found = new long[MapPage.count(bytes)];
      for (int i = 0; i < found.length; i++) {
        found[i] = MapPage.head(bytes, MapPage.keyAt(bytes, i), MapPage.keyLength(bytes, i));
      }
      heads = found;
    }
    return found;
  }

  boolean isLeaf() {
    return MapPage.kind(bytes) == MapPage.LEAF;
  }
}
