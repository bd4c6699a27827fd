// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The changes of a transaction to a tree, as drafts on the heap. Not thread-safe. */
final class MapEdit {
  private static final byte[] LEAST = {};

  /** A page below this size is joined with its neighbour if both fit. */
  private static final int SMALL = MapPage.SIZE / 3;

  private final MapPages pages;
  private final MapRoot base;
  private long entries;
  private boolean grown;
  private @Nullable MapDraft root;
  private final FreedPages freed = new FreedPages();

  /** Values for pages of their own; null where one was replaced again. */
  private final List<byte @Nullable []> large = new ArrayList<>();

  MapEdit(MapPages pages, MapRoot base) {
    this.pages = pages;
    this.base = base;
    this.entries = base.entries();
  }

  boolean isEmpty() {
    return root == null;
  }

  MapDraft root() {
    return Objects.requireNonNull(root);
  }

  long entries() {
    return entries;
  }

  /** Returns true if a key was put. */
  boolean grown() {
    return grown;
  }

  /** Returns the pages of the tree before that are not part of the tree after. */
  FreedPages freed() {
    return freed;
  }

  byte @Nullable [] largeValue(int index) {
    return large.get(index);
  }

  /** Returns the number of pages that the changes need. */
  int pages() {
    int count = root == null ? 0 : count(root);
    for (byte[] value : large) {
      count += value == null ? 0 : LargeValue.pages(value.length);
    }
    return count;
  }

  private static int count(MapDraft draft) {
    int count = 1;
    for (MapDraft child : draft.below) {
      count += child == null ? 0 : count(child);
    }
    return count;
  }

  private MapDraft draft(MapNode node) {
    freed.add(MapNode.page(node.word), node.sequence);
    return new MapDraft(node.bytes, false);
  }

  private MapDraft top() {
    if (root == null) {
      MapNode node = base.node();
      root = node == null ? new MapDraft(MapPage.empty(MapPage.LEAF, 0), true) : draft(node);
    }
    return root;
  }

  private byte[] peek(MapDraft branch, int index) {
    MapDraft child = branch.below[index];
    return child == null ? clean(branch, index).bytes : child.bytes;
  }

  private MapNode clean(MapDraft branch, int index) {
    int at = MapPage.payloadAt(branch.bytes, index);
    return pages.get(MapPage.longAt(branch.bytes, at), MapPage.longAt(branch.bytes, at + 8));
  }

  private MapDraft child(MapDraft branch, int index) {
    MapDraft child = branch.below[index];
    if (child == null) {
      child = draft(clean(branch, index));
      branch.below[index] = child;
    }
    return child;
  }

  /** Returns the leaf that may have a key, as it is in this transaction; null in an empty map. */
  private byte @Nullable [] leaf(byte[] key) {
    MapNode node = base.node();
    if (root != null) {
      MapDraft draft = root;
      while (true) {
        if (draft.isLeaf()) {
          return draft.bytes;
        }
        int index = MapPage.child(draft.bytes, key);
        MapDraft next = draft.below[index];
        if (next == null) {
          node = clean(draft, index);
          break;
        }
        draft = next;
      }
    }
    if (node == null) {
      return null;
    }
    while (!node.isLeaf()) {
      node = pages.child(node, MapPage.child(node.bytes, key));
    }
    return node.bytes;
  }

  byte @Nullable [] get(byte[] key) {
    byte[] leaf = leaf(key);
    int index = leaf == null ? -1 : MapPage.find(leaf, key);
    if (leaf == null || index < 0) {
      return null;
    }
    if (MapPage.isLarge(leaf, index)) {
      int at = MapPage.payloadAt(leaf, index);
      if (MapPage.longAt(leaf, at) == 0) {
        return Objects.requireNonNull(large.get((int) MapPage.longAt(leaf, at + 8))).clone();
      }
    }
    return pages.value(leaf, index);
  }

  void put(byte[] key, byte[] value) {
    boolean inline = 2 + key.length + value.length <= MapPage.MAX_ENTRY;
    byte[] entry = MapPage.entry(key, inline ? value : later(value), !inline);
    grown = true;
    MapDraft top = top();
    int added = put(top, key, entry, !inline);
    if (top.bytes.length > MapPage.SIZE) {
      byte[] branch = MapPage.empty(MapPage.BRANCH, MapPage.level(top.bytes) + 1);
      MapDraft above = new MapDraft(branch, true);
      above.insert(0, LEAST, top);
      splitChild(above, 0, added);
      root = above;
    }
  }

  /** Remembers a value for pages of its own. Returns the payload until they are written. */
  private byte[] later(byte[] value) {
    byte[] payload = new byte[MapPage.LARGE_BYTES];
    MapPage.setPointer(payload, 0, 0, large.size());
    MapPage.setInt(payload, MapPage.POINTER_BYTES, value.length);
    large.add(value.clone());
    return payload;
  }

  /** Returns the index of the entry that was added or replaced. */
  private int put(MapDraft draft, byte[] key, byte[] entry, boolean isLarge) {
    if (draft.isLeaf()) {
      int index = MapPage.find(draft.bytes, key);
      if (index >= 0) {
        freeLarge(draft.bytes, index);
        draft.splice(index, index + 1, entry);
      } else {
        index = -1 - index;
        draft.splice(index, index, entry);
        entries++;
      }
      if (isLarge) {
        MapPage.setMayHaveLarge(draft.bytes);
      }
      return index;
    }
    int index = MapPage.child(draft.bytes, key);
    MapDraft child = child(draft, index);
    int added = put(child, key, entry, isLarge);
    return child.bytes.length > MapPage.SIZE ? splitChild(draft, index, added) : index;
  }

  private static int splitChild(MapDraft branch, int index, int added) {
    MapDraft left = Objects.requireNonNull(branch.below[index]);
    MapDraft right = left.split(MapPage.cut(left.bytes, added));
    byte[] separator =
        left.isLeaf() ? MapPage.separator(left.bytes, right.bytes) : MapPage.key(right.bytes, 0);
    branch.insert(index + 1, separator, right);
    return index + 1;
  }

  private void freeLarge(byte[] leaf, int index) {
    if (MapPage.isLarge(leaf, index)) {
      byte[] payload = MapPage.payload(leaf, index);
      if (MapPage.longAt(payload, 0) == 0) {
        large.set((int) MapPage.longAt(payload, 8), null);
      } else {
        long written = MapPage.longAt(payload, 8);
        LargeValue.visit(pages, payload, page -> freed.add(page, written));
      }
    }
  }

  /** Returns true if the key was there. */
  boolean remove(byte[] key) {
    byte[] leaf = leaf(key);
    if (leaf == null || MapPage.find(leaf, key) < 0) {
      return false;
    }
    MapDraft top = top();
    remove(top, key);
    entries--;
    while (!top.isLeaf() && MapPage.count(top.bytes) == 1) {
      top = child(top, 0);
    }
    root = MapPage.count(top.bytes) > 0 ? top : new MapDraft(MapPage.empty(MapPage.LEAF, 0), true);
    return true;
  }

  private void remove(MapDraft draft, byte[] key) {
    if (draft.isLeaf()) {
      int index = MapPage.find(draft.bytes, key);
      freeLarge(draft.bytes, index);
      draft.splice(index, index + 1, null);
      return;
    }
    int index = MapPage.child(draft.bytes, key);
    MapDraft child = child(draft, index);
    remove(child, key);
    if (MapPage.count(child.bytes) == 0) {
      draft.remove(index);
    } else if (child.bytes.length < SMALL && !join(draft, index)) {
      join(draft, index - 1);
    }
  }

  /** Joins two neighbours if both are there and fit into one page. */
  private boolean join(MapDraft branch, int left) {
    if (left < 0 || left + 1 >= MapPage.count(branch.bytes)) {
      return false;
    }
    byte[] separator = MapPage.key(branch.bytes, left + 1);
    int size = peek(branch, left).length + peek(branch, left + 1).length + separator.length;
    if (size - MapPage.HEADER_BYTES > MapPage.SIZE * 3 / 4) {
      return false;
    }
    child(branch, left).join(child(branch, left + 1), separator);
    branch.remove(left + 1);
    return true;
  }
}
