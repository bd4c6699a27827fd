// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A position in a snapshot, before the first key of its range at first. Not thread-safe.
 *
 * {@snippet :
 * try (MapSnapshot snapshot = map.snapshot()) {
 *   MapCursor cursor = snapshot.ascending(from, to);
 *   while (cursor.next()) {
 *     use(cursor.key(), cursor.value());
 *   }
 * }
 * }
 */
public final class MapCursor {
  private final MapSnapshot snapshot;
  private final byte @Nullable [] from;
  private final byte @Nullable [] to;
  private final int step;

  /** The pages from the root to a leaf; none before the first key and after the last. */
  private final @Nullable MapNode[] path;

  private final int[] index;
  private boolean begun;

  /** The leaf of the current key; null if there is none. */
  private byte @Nullable [] leaf;

  private int at;

  MapCursor(MapSnapshot snapshot, byte @Nullable [] from, byte @Nullable [] to, boolean ascending) {
    this.snapshot = snapshot;
    this.from = from == null ? null : from.clone();
    this.to = to == null ? null : to.clone();
    this.step = ascending ? 1 : -1;
    int levels = snapshot.root().level() + 1;
    this.path = new MapNode[levels];
    this.index = new int[levels];
  }

  /**
   * Moves to the next key.
   *
   * @return false if there is none
   * @throws DurableCorruptionException if it lies on a damaged page
   */
  public boolean next() {
    snapshot.checkOpen();
    if (!begun) {
      begun = true;
      seek();
    } else if (leaf != null) {
      at += step;
    }
    if (leaf != null && (at < 0 || at >= MapPage.count(leaf))) {
      turn();
    }
    if (leaf != null && isPast(leaf)) {
      leaf = null;
    }
    return leaf != null;
  }

  private boolean isPast(byte[] bytes) {
    return step > 0
        ? to != null && MapPage.compare(bytes, at, to) >= 0
        : from != null && MapPage.compare(bytes, at, from) < 0;
  }

  /** Goes down to the first key of the range, or to the place beside it. */
  private void seek() {
    MapNode node = snapshot.root().node();
    if (node == null) {
      return;
    }
    byte[] key = step > 0 ? from : to;
    int level = 0;
    while (!node.isLeaf()) {
      path[level] = node;
      index[level] = key == null ? edge(node) : MapPage.child(node.bytes, key);
      node = snapshot.pages().child(node, index[level]);
      level++;
    }
    leaf = node.bytes;
    if (key == null) {
      at = edge(node);
    } else {
      int found = MapPage.find(leaf, key);
      int place = found < 0 ? -1 - found : found;
      at = step > 0 ? place : place - 1;
    }
  }

  private int edge(MapNode node) {
    return step > 0 ? 0 : MapPage.count(node.bytes) - 1;
  }

  /** Goes to the next leaf. */
  private void turn() {
    leaf = null;
    int level = path.length - 2;
    while (level >= 0) {
      MapNode branch = Objects.requireNonNull(path[level]);
      index[level] += step;
      if (index[level] >= 0 && index[level] < MapPage.count(branch.bytes)) {
        break;
      }
      level--;
    }
    if (level < 0) {
      return;
    }
    MapNode node = Objects.requireNonNull(path[level]);
    while (!node.isLeaf()) {
      node = snapshot.pages().child(node, index[level]);
      level++;
      if (!node.isLeaf()) {
        path[level] = node;
        index[level] = edge(node);
      }
    }
    leaf = node.bytes;
    at = edge(node);
  }

  private byte[] here() {
    if (leaf == null) {
      throw new IllegalStateException("the cursor is at no key");
    }
    return leaf;
  }

  /** Returns a copy of the key. */
  public byte[] key() {
    return MapPage.key(here(), at);
  }

  /** Returns a copy of the value. */
  public byte[] value() {
    return snapshot.pages().value(here(), at);
  }

  /** Returns the key as a read-only segment, without a copy; it stays valid. */
  public MemorySegment keySegment() {
    byte[] bytes = here();
    return MemorySegment.ofArray(bytes)
        .asSlice(MapPage.keyAt(bytes, at), MapPage.keyLength(bytes, at))
        .asReadOnly();
  }

  /** Returns the value as a read-only segment, without a copy if it is small; it stays valid. */
  public MemorySegment valueSegment() {
    byte[] bytes = here();
    if (MapPage.isLarge(bytes, at)) {
      return MemorySegment.ofArray(value()).asReadOnly();
    }
    int payload = MapPage.payloadAt(bytes, at);
    return MemorySegment.ofArray(bytes)
        .asSlice(payload, MapPage.endOf(bytes, at) - payload)
        .asReadOnly();
  }
}
