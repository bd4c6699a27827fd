// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.pmem.PersistentMemory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The metadata blocks that were stored to since they were last flushed: the buffer cache's dirty
 * bits, which is all of the buffer cache that direct access leaves over. Thread-safe.
 */
public final class DirtyBlocks {
  private final PersistentMemory memory;
  private final Set<Long> blocks = ConcurrentHashMap.newKeySet();

  DirtyBlocks(PersistentMemory memory) {
    this.memory = memory;
  }

  /** {@code mark_buffer_dirty} for the block of a byte position. */
  public void markBytes(long offset) {
    blocks.add(offset / Geometry.BLOCK_BYTES);
  }

  /** {@code mark_buffer_dirty}. */
  public void mark(long block) {
    blocks.add(block);
  }

  /** Flushes all of them; they are durable, with everything flushed before, when this returns. */
  public void writeOut() {
    for (Long block : List.copyOf(blocks)) {
      // Cleared first: a store that comes after the flush marks the block again.
      if (blocks.remove(block)) {
        memory.flush(block * Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES);
      }
    }
    memory.drain();
  }
}
