// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** A check of a whole tree: each page, the order of the keys, the levels and the counts. */
final class MapCheck {
  private final MapPages pages;
  private final BitSet seen = new BitSet();
  private long entries;

  /** The last key that was met. */
  private byte @Nullable [] last;

  MapCheck(MapPages pages) {
    this.pages = pages;
  }

  /**
   * Checks a tree.
   *
   * @return the number of its pages
   * @throws DurableCorruptionException if it is damaged
   */
  int run(MapRoot root) {
    MapNode node = root.node();
    if (node != null) {
      mark(node.word);
      check(node, MapPage.level(node.bytes), null, null);
    }
    if (entries != root.entries()) {
      throw new DurableCorruptionException(
          "the map has " + entries + " keys, expected " + root.entries(), -1);
    }
    return seen.cardinality();
  }

  private void mark(long word) {
    int page = MapNode.page(word);
    if (seen.get(page)) {
      throw damaged(page, "is in the tree twice");
    }
    seen.set(page);
  }

  private static DurableCorruptionException damaged(int page, String what) {
    return new DurableCorruptionException("page " + page + " " + what, MapPages.at(page));
  }

  /** Checks a page whose keys are at least one bound and below the other. */
  private void check(MapNode node, int level, byte @Nullable [] least, byte @Nullable [] below) {
    byte[] bytes = node.bytes;
    int page = MapNode.page(node.word);
    if (MapPage.level(bytes) != level || node.isLeaf() != (level == 0)) {
      throw damaged(page, "has level " + MapPage.level(bytes) + ", expected " + level);
    }
    int count = MapPage.count(bytes);
    for (int i = 0; i < count; i++) {
      byte[] key = MapPage.key(bytes, i);
      if (node.isLeaf()) {
        if ((least != null && compare(key, least) < 0)
            || (below != null && compare(key, below) >= 0)
            || (last != null && compare(key, last) <= 0)) {
          throw damaged(page, "has key " + i + " out of order");
        }
        last = key;
        entries++;
        checkValue(bytes, i);
      } else {
        MapNode child = pages.child(node, i);
        mark(child.word);
        byte[] next = i + 1 < count ? MapPage.key(bytes, i + 1) : below;
        check(child, level - 1, i == 0 ? least : key, next);
      }
    }
  }

  private void checkValue(byte[] leaf, int index) {
    if (MapPage.isLarge(leaf, index)) {
      byte[] payload = MapPage.payload(leaf, index);
      LargeValue.visit(pages, payload, page -> mark(page));
      LargeValue.read(pages, payload);
    }
  }

  private static int compare(byte[] one, byte[] other) {
    return java.util.Arrays.compareUnsigned(one, other);
  }
}
