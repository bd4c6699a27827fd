// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The pages of a commit: places, pointers and checksums, from the leaves up to the root. */
final class MapCommit {
  private final MapPages pages;
  private final MapEdit edit;
  private final int[] places;
  private final long sequence;
  private final int end;
  private final List<MapNode> written;
  private int next;

  /**
   * Makes a commit.
   *
   * @param places free pages, as many as the edit needs
   * @param end the page after the last one ever used
   */
  MapCommit(MapPages pages, MapEdit edit, int[] places, long sequence, int end) {
    this.pages = pages;
    this.edit = edit;
    this.places = places;
    this.sequence = sequence;
    this.end = end;
    this.written = new ArrayList<>(places.length);
  }

  /** Stores all pages; none is durable, and none is reached yet. */
  void store() {
    store(edit.root(), true);
  }

  /** Returns the pages that were stored; the last one is the root. */
  List<MapNode> written() {
    return written;
  }

  private MapNode store(MapDraft draft, boolean isRoot) {
    byte[] bytes = draft.owned ? draft.bytes : draft.bytes.clone();
    for (int i = 0; i < draft.below.length; i++) {
      MapDraft child = draft.below[i];
      if (child != null) {
        MapNode node = store(child, false);
        setPointer(bytes, MapPage.payloadAt(bytes, i), node);
      }
    }
    if (draft.isLeaf() && MapPage.mayHaveLarge(bytes)) {
      storeLarge(bytes);
    }
    return store(bytes, isRoot);
  }

  private void setPointer(byte[] bytes, int at, MapNode node) {
    boolean large = MapPage.mayHaveLarge(node.bytes);
    MapPage.setPointer(bytes, at, node.word, large ? sequence | MapPage.LARGE_BELOW : sequence);
    if (large) {
      MapPage.setMayHaveLarge(bytes);
    }
  }

  private MapNode store(byte[] bytes, boolean isRoot) {
    MapPage.stamp(bytes, sequence, isRoot ? edit.entries() : 0, isRoot ? end : 0);
    int page = places[next++];
    MapNode node = new MapNode(pages.word(page, bytes), bytes);
    pages.memory().copy(MapPages.at(page), bytes, 0, bytes.length);
    written.add(node);
    return node;
  }

  /** Stores the large values that the leaf got in this transaction. */
  private void storeLarge(byte[] leaf) {
    for (int i = 0; i < MapPage.count(leaf); i++) {
      int at = MapPage.payloadAt(leaf, i);
      if (MapPage.isLarge(leaf, i) && MapPage.longAt(leaf, at) == 0) {
        byte[] value = Objects.requireNonNull(edit.largeValue((int) MapPage.longAt(leaf, at + 8)));
        long word = 0;
        for (int part = LargeValue.pages(value.length) - 1; part >= 0; part--) {
          word = store(LargeValue.part(value, part, word, word == 0 ? 0 : sequence), false).word;
        }
        MapPage.setPointer(leaf, at, word, sequence);
      }
    }
  }
}
