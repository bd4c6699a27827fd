// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A part of a worker's buffer as the source or target of a copy.
 *
 * @param segment the part, shorter than 2 GiB
 */
record SegmentBuffer(MemorySegment segment) implements UserBuffer {
  @Override
  public int length() {
    return (int) segment.byteSize();
  }

  @Override
  public int copyFrom(int from, PersistentMemory memory, long address, int length) {
    memory.copy(address, segment, from, length);
    return length;
  }

  @Override
  public int copyTo(int to, PersistentMemory memory, long address, int length) {
    memory.read(address, segment, to, length);
    return length;
  }

  @Override
  public int load(int from, byte[] target, int at, int length) {
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, from, target, at, length);
    return length;
  }

  @Override
  public int store(int to, byte[] source, int at, int length) {
    MemorySegment.copy(source, at, segment, ValueLayout.JAVA_BYTE, to, length);
    return length;
  }

  @Override
  public int zero(int to, int length, int unit) {
    segment.asSlice(to, length).fill((byte) 0);
    return length;
  }
}
