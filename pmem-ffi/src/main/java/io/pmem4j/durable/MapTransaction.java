// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import org.jspecify.annotations.Nullable;

/**
 * Changes of many keys that become durable and visible as one. The transaction keeps them on the
 * heap until {@link #commit}; {@link #close} without it discards them. One transaction runs at a
 * time: it belongs to the thread that began it, and others wait for its end.
 */
public final class MapTransaction implements AutoCloseable {
  private final MapWriter writer;
  private final MapEdit edit;
  private boolean ended;
  private boolean broken;

  /** Begins; the caller holds the lock of the writer, which the end of the transaction releases. */
  MapTransaction(MapWriter writer) {
    this.writer = writer;
    this.edit = new MapEdit(writer.pages, writer.current());
  }

  private void check() {
    if (ended) {
      throw new IllegalStateException("the transaction has ended");
    }
    if (broken) {
      throw new IllegalStateException("the transaction met a failure; begin another one");
    }
  }

  /** Returns a copy of the value of a key as this transaction has left it, or null. */
  public byte @Nullable [] get(byte[] key) {
    check();
    return edit.get(key);
  }

  /** Returns the number of keys as this transaction has left them. */
  public long size() {
    check();
    return edit.entries();
  }

  /**
   * Puts a value, in place of an older one.
   *
   * @throws IllegalArgumentException if the key is longer than {@link DurableMap#MAX_KEY_BYTES}
   */
  public void put(byte[] key, byte[] value) {
    check();
    if (key.length > DurableMap.MAX_KEY_BYTES) {
      throw new IllegalArgumentException(
          "key of " + key.length + " bytes, at most " + DurableMap.MAX_KEY_BYTES + " are possible");
    }
    broken = true;
    edit.put(key, value);
    broken = false;
  }

  /**
   * Removes a key.
   *
   * @return false if it was not there
   */
  public boolean remove(byte[] key) {
    check();
    broken = true;
    boolean removed = edit.remove(key);
    broken = false;
    return removed;
  }

  /**
   * Makes all changes durable, then visible, and ends the transaction.
   *
   * @throws MapFullException if they do not fit; the map is unchanged
   * @throws io.pmem4j.pmem.PmemException if they cannot be made durable; they may be there after a
   *     restart, and the map takes no more changes
   */
  public void commit() {
    check();
    try {
      writer.commit(edit);
    } finally {
      close();
    }
  }

  /** Discards the changes unless they were committed. */
  @Override
  public void close() {
    if (!ended) {
      ended = true;
      writer.lock.unlock();
    }
  }
}
