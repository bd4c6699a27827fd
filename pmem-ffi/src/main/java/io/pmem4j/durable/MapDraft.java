// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import org.jspecify.annotations.Nullable;

/** A page that a transaction changes, on the heap and without a place in the file. */
final class MapDraft {
  private static final byte[] NO_POINTER = new byte[MapPage.POINTER_BYTES];

  /** The content; pointers to pages that have drafts are not up to date. */
  byte[] bytes;

  /** True if no reader shares the array. */
  boolean owned;

  /** The drafts of children, with null for those that are unchanged; none below a leaf. */
  @Nullable MapDraft[] below;

  MapDraft(byte[] bytes, boolean owned) {
    this.bytes = bytes;
    this.owned = owned;
    this.below = new MapDraft[isLeaf() ? 0 : MapPage.count(bytes)];
  }

  boolean isLeaf() {
    return MapPage.kind(bytes) == MapPage.LEAF;
  }

  /** Replaces the entries from one index to another by one or none. */
  void splice(int from, int to, byte @Nullable [] entry) {
    bytes = MapPage.splice(bytes, from, to, entry);
    owned = true;
  }

  /** Inserts a child into a branch. */
  void insert(int index, byte[] key, MapDraft child) {
    splice(index, index, MapPage.entry(key, NO_POINTER, false));
    @Nullable MapDraft[] more = new MapDraft[below.length + 1];
    System.arraycopy(below, 0, more, 0, index);
    more[index] = child;
    System.arraycopy(below, index, more, index + 1, below.length - index);
    below = more;
  }

  /** Removes a child from a branch. */
  void remove(int index) {
    splice(index, index + 1, null);
    @Nullable MapDraft[] fewer = new MapDraft[below.length - 1];
    System.arraycopy(below, 0, fewer, 0, index);
    System.arraycopy(below, index + 1, fewer, index, fewer.length - index);
    below = fewer;
  }

  /** Splits off the entries from an index on. */
  MapDraft split(int cut) {
    MapDraft right = new MapDraft(MapPage.part(bytes, cut, MapPage.count(bytes)), true);
    bytes = MapPage.part(bytes, 0, cut);
    owned = true;
    if (below.length > 0) {
      System.arraycopy(below, cut, right.below, 0, right.below.length);
      below = java.util.Arrays.copyOf(below, cut);
    }
    return right;
  }

  /**
   * Appends the entries of the next page of this level.
   *
   * @param separator the key that parts the two in their parent
   */
  void join(MapDraft next, byte[] separator) {
    if (!isLeaf()) {
      next.splice(0, 1, MapPage.entry(separator, MapPage.payload(next.bytes, 0), false));
    }
    bytes = MapPage.join(bytes, next.bytes);
    owned = true;
    int before = below.length;
    below = java.util.Arrays.copyOf(below, before + next.below.length);
    System.arraycopy(next.below, 0, below, before, next.below.length);
  }
}
