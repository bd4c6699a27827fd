// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.pmem.PersistentMemory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The metadata blocks with stores that are not durable: the buffer cache's dirty bits, which is all
 * of the buffer cache that direct access leaves over. Thread-safe, without a lock.
 *
 * <p>A block without a mark is durable. A store marks its block after it has stored, and each mark
 * has a number of its own. A mark goes only after its block was flushed and drained, and only if no
 * newer mark has taken its place. So a second fsync that comes while the first one is still
 * flushing finds the marks and flushes these blocks itself.
 */
public final class DirtyBlocks {
  private final PersistentMemory memory;
  private final int blockBits;

  /** By block, the number of its newest mark. */
  private final Map<Long, Long> marks = new ConcurrentHashMap<>();

  /** Of all blocks, so that a block that is marked anew never gets a number that it had before. */
  private final AtomicLong lastMark = new AtomicLong();

  DirtyBlocks(PersistentMemory memory, int blockBits) {
    this.memory = memory;
    this.blockBits = blockBits;
  }

  /** {@code mark_buffer_dirty} for the block of a byte position; the caller has stored to it. */
  public void markBytes(long offset) {
    mark(offset >> blockBits);
  }

  /** {@code mark_buffer_dirty}; the caller has stored to the block. */
  public void mark(long block) {
    marks.put(block, lastMark.incrementAndGet());
  }

  /** {@code sync_dirty_buffer}: the stores to one block are durable when it returns. */
  public void writeOut(long block) {
    Long mark = marks.get(block);
    if (mark != null) {
      memory.flush(block << blockBits, 1L << blockBits);
      memory.drain();
      marks.remove(block, mark);
    }
  }

  /**
   * Makes every store durable that was marked before the call, and what the calling thread has
   * flushed. Where it throws, the marks stay.
   */
  public void writeOut() {
    List<Map.Entry<Long, Long>> found = List.copyOf(marks.entrySet());
    for (Map.Entry<Long, Long> mark : found) {
      memory.flush(mark.getKey() << blockBits, 1L << blockBits);
    }
    memory.drain();
    for (Map.Entry<Long, Long> mark : found) {
      marks.remove(mark.getKey(), mark.getValue());
    }
  }
}
