// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.pmem.PersistentMemory;

/**
 * The order in which metadata becomes durable. In the order of Linux the methods do nothing: what a
 * crash leaves is repaired by e2fsck. In the order of {@code mount -o ordered} a store that makes
 * something reachable follows the drain of all that it leads to, and a bit of a bitmap is cleared
 * after the drain of what removes the last reference:
 *
 * <pre>
 *   create     bit of the inode, inode without a link | its link | entry | rec_len or number that shows it
 *   allocate   bits, zeros, blocks of pointers | pointer | size
 *   truncate   pointers | size | bits cleared
 *   unlink     entry removed | link count | deletion time | bits cleared
 *   mkdir      block with "." and ".." | link of the parent | its links | entry
 *   rename     one link more | type unknown | new entry | its type | ".." | old entry removed
 * </pre>
 *
 * <p>Each bar is a drain. Thread-safe; a drain covers what the calling thread has flushed.
 */
public final class MetadataOrder {
  private final PersistentMemory memory;
  private final boolean ordered;

  MetadataOrder(PersistentMemory memory, boolean ordered) {
    this.memory = memory;
    this.ordered = ordered;
  }

  /** Returns true for the order of {@code mount -o ordered}. */
  public boolean isOrdered() {
    return ordered;
  }

  /** Flushes a range to which the caller has stored. */
  public void flush(long offset, long bytes) {
    if (ordered) {
      memory.flush(offset, bytes);
    }
  }

  /** Waits until what the calling thread has flushed is durable. */
  public void drain() {
    if (ordered) {
      memory.drain();
    }
  }
}
