// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/** A walk through the pages of a tree. */
final class MapWalk {
  /** Called with each pointer before its page is read. */
  interface Visitor {
    /**
     * Visits a pointer.
     *
     * @param level of the page; -1 if it has a part of a value
     */
    void visit(long word, int level);
  }

  private final MapPages pages;
  private final Visitor visitor;
  private long onlySequence = -1;
  private boolean skipsSmallLeaves;

  MapWalk(MapPages pages, Visitor visitor) {
    this.pages = pages;
    this.visitor = visitor;
  }

  /** Leaves out pages that another commit wrote, and what is below them. */
  MapWalk only(long sequence) {
    onlySequence = sequence;
    return this;
  }

  /** Visits leaves without large values and does not read them. */
  MapWalk skipSmallLeaves() {
    skipsSmallLeaves = true;
    return this;
  }

  /** Walks from the root; throws what a page that is not there causes. */
  void walk(MapRoot root) {
    MapNode node = root.node();
    if (node != null) {
      visitor.visit(node.word, MapPage.level(node.bytes));
      below(node.bytes);
    }
  }

  private void below(byte[] bytes) {
    boolean leaf = MapPage.kind(bytes) == MapPage.LEAF;
    for (int i = 0; i < MapPage.count(bytes); i++) {
      if (!leaf) {
        child(bytes, MapPage.payloadAt(bytes, i), MapPage.level(bytes) - 1);
      } else if (MapPage.isLarge(bytes, i)) {
        part(bytes, MapPage.payloadAt(bytes, i));
      }
    }
  }

  private boolean isWanted(long sequence) {
    return onlySequence < 0 || (sequence & ~MapPage.LARGE_BELOW) == onlySequence;
  }

  private void child(byte[] parent, int at, int level) {
    long word = MapPage.longAt(parent, at);
    long sequence = MapPage.longAt(parent, at + 8);
    if (isWanted(sequence)) {
      visitor.visit(word, level);
      if (level > 0 || !skipsSmallLeaves || (sequence & MapPage.LARGE_BELOW) != 0) {
        below(pages.get(word, sequence).bytes);
      }
    }
  }

  private void part(byte[] parent, int at) {
    long word = MapPage.longAt(parent, at);
    long sequence = MapPage.longAt(parent, at + 8);
    while (word != 0 && isWanted(sequence)) {
      visitor.visit(word, -1);
      byte[] page = pages.get(word, sequence).bytes;
      word = MapPage.longAt(page, MapPage.HEADER_BYTES);
      sequence = MapPage.longAt(page, MapPage.HEADER_BYTES + 8);
    }
  }
}
