// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * A 16-bit little-endian field of a structure, read as an unsigned number. There is no
 * compare-and-set on 16 bits, so counters of this size change under a lock.
 *
 * @param handle reads the field, given a segment and the structure's offset
 * @param offset the field's offset in the structure, bytes
 */
public record U16(VarHandle handle, long offset) {

  static U16 of(StructLayout layout, String name) {
    PathElement element = PathElement.groupElement(name);
    return new U16(layout.varHandle(element).withInvokeExactBehavior(), layout.byteOffset(element));
  }

  /** The field, 0 to 65535. */
  public int get(PersistentMemory memory, long base) {
    return Short.toUnsignedInt((short) handle.get(memory.segment(), base));
  }

  /** Stores the low 16 bits of the value. */
  public void put(PersistentMemory memory, long base, int value) {
    memory.putShort(base + offset, (short) value);
  }
}
