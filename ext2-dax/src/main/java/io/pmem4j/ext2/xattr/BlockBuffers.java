// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

import io.pmem4j.ext2.layout.AttributeHeader;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.SharedState;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The buffers of blocks of attributes, each with its lock: {@code buffer_head}. Thread-safe. */
final class BlockBuffers {
  private final Volume volume;
  private final Geometry geometry;
  private final Map<Long, Buffer> buffers = new ConcurrentHashMap<>();

  BlockBuffers(Volume volume) {
    this.volume = volume;
    this.geometry = volume.geometry();
  }

  /** {@code sb_bread}, without the reading. */
  Buffer get(long block) {
    return buffers.computeIfAbsent(block, Buffer::new);
  }

  /** A block of attributes on the medium. */
  final class Buffer {
    private final long block;
    private final OrderedMutex lock;
    private final SharedState content;

    private Buffer(long block) {
      this.block = block;
      var scheduler = volume.instrumentation().scheduler();
      this.lock =
          new OrderedMutex(
              scheduler, volume.validator(), LockClass.BUFFER_LOCK, "buffer of block " + block);
      this.content = new SharedState(scheduler, StateKind.ATTRIBUTE_BLOCK, block);
    }

    long block() {
      return block;
    }

    /** {@code lock_buffer}: the refcount, and all else while there is one reference. */
    HeldLock hold() {
      return lock.hold();
    }

    /** Returns a copy of the block. */
    AttributeBlock load() {
      content.load();
      byte[] bytes = new byte[geometry.blockBytes()];
      MemorySegment.copy(
          volume.memory().segment(),
          ValueLayout.JAVA_BYTE,
          geometry.offsetOf(block),
          bytes,
          0,
          bytes.length);
      return new AttributeBlock(bytes);
    }

    /** Stores a whole block, and marks it dirty. */
    void store(AttributeBlock changed) {
      content.store();
      long offset = geometry.offsetOf(block);
      volume.memory().copy(offset, changed.bytes(), 0, geometry.blockBytes());
      volume.order().flush(offset, geometry.blockBytes());
      volume.dirtyBlocks().mark(block);
    }

    /** Stores the number of references alone, and marks the block dirty. */
    void refcount(int value) {
      content.store();
      AttributeHeader header = new AttributeHeader(volume.memory(), geometry.offsetOf(block));
      header.refcount(value);
      volume.order().flush(header.offset(), AttributeHeader.LAYOUT.byteSize());
      volume.dirtyBlocks().mark(block);
    }
  }
}
