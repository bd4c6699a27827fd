// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * A 32-bit little-endian field of a structure. Loads are plain and tear-free; the caller's locks
 * decide what they may see.
 *
 * @param handle reads the field, given a segment and the structure's offset
 * @param offset the field's offset in the structure, bytes
 */
public record U32(VarHandle handle, long offset) {

  static U32 of(StructLayout layout, String name) {
    PathElement element = PathElement.groupElement(name);
    return new U32(layout.varHandle(element).withInvokeExactBehavior(), layout.byteOffset(element));
  }

  /** The field's bits. */
  public int get(PersistentMemory memory, long base) {
    return (int) handle.get(memory.segment(), base);
  }

  /** The field as an unsigned number. */
  public long unsigned(PersistentMemory memory, long base) {
    return Integer.toUnsignedLong(get(memory, base));
  }

  /** Stores the field; durable after the range is flushed. */
  public void put(PersistentMemory memory, long base, int value) {
    memory.putInt(base + offset, value);
  }
}
