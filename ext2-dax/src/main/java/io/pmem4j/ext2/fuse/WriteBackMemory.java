// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;

/**
 * Memory of an ordinary file, whose flushes wait until they are asked for together. A file system
 * on a disk promises nothing before fsync(2); a flush of each write would be an fsync of the whole
 * image. Thread-safe.
 *
 * <p>A store is durable after {@link #writeBack}. Until then a crash may keep any of them, as with
 * a write cache of the kernel.
 */
public final class WriteBackMemory extends ForwardingMemory {
  /** The range that was flushed since the last write-back; empty if not below. Guarded by this. */
  private long from = Long.MAX_VALUE;

  private long to;

  /** Defers the flushes of a memory. */
  public WriteBackMemory(PersistentMemory memory) {
    super(memory);
  }

  /**
   * Makes everything durable that was flushed before the call.
   *
   * @throws io.pmem4j.pmem.PmemException if that fails; the range stays for the next call
   */
  public void writeBack() {
    long first;
    long end;
    synchronized (this) {
      first = from;
      end = to;
      from = Long.MAX_VALUE;
      to = 0;
    }
    if (first >= end) {
      return;
    }
    boolean done = false;
    try {
      target.persist(first, end - first);
      done = true;
    } finally {
      if (!done) {
        flush(first, end - first);
      }
    }
  }

  @Override
  public void flush(long offset, long length) {
    if (length <= 0) {
      return;
    }
    synchronized (this) {
      from = Math.min(from, offset);
      to = Math.max(to, offset + length);
    }
  }

  @Override
  public void drain() {
    // Nothing was started.
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return target.slice(offset, length);
  }
}
