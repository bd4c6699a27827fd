// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import org.jspecify.annotations.Nullable;

/**
 * A map as it was after one commit. Later commits do not change it, and its readers wait for none.
 * The pages that it needs are not used again until it is closed, so that the file fills up if it
 * stays open. Thread-safe.
 */
public final class MapSnapshot implements AutoCloseable {
  private final MapWriter writer;
  private final MapRoot root;
  private volatile boolean closed;

  MapSnapshot(MapWriter writer, MapRoot root) {
    this.writer = writer;
    this.root = root;
  }

  MapRoot root() {
    return root;
  }

  MapPages pages() {
    return writer.pages;
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the snapshot is closed");
    }
    writer.checkOpen();
  }

  /** Returns the number of the commit; 0 if there was none. */
  public long sequence() {
    return root.sequence();
  }

  /** Returns the number of keys. */
  public long size() {
    return root.entries();
  }

  /**
   * Returns a copy of the value of a key, or null if the key is not there.
   *
   * @throws DurableCorruptionException if it lies on a damaged page
   */
  public byte @Nullable [] get(byte[] key) {
    checkOpen();
    return root.node() == null ? null : writer.pages.value(root.node(), key);
  }

  /** Returns a cursor over all keys, in ascending order. */
  public MapCursor ascending() {
    return ascending(null, null);
  }

  /**
   * Returns a cursor over a range of keys, in ascending order.
   *
   * @param from the first key, if it is there; null for the least
   * @param to the key to end before; null for no end
   */
  public MapCursor ascending(byte @Nullable [] from, byte @Nullable [] to) {
    return new MapCursor(this, from, to, true);
  }

  /** Returns a cursor over all keys, in descending order. */
  public MapCursor descending() {
    return descending(null, null);
  }

  /** Returns a cursor over the same range as {@link #ascending}, in descending order. */
  public MapCursor descending(byte @Nullable [] from, byte @Nullable [] to) {
    return new MapCursor(this, from, to, false);
  }

  int check() {
    checkOpen();
    return new MapCheck(new MapPages(writer.pages.memory(), writer.pages.id)).run(root);
  }

  /** Lets the pages be used again that only this snapshot needs. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      writer.end(this);
    }
  }
}
