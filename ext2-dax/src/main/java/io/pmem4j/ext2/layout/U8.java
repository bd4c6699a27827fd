// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * An 8-bit field of a structure, read as an unsigned number.
 *
 * @param handle reads the field, given a segment and the structure's offset
 * @param offset the field's offset in the structure, bytes
 */
public record U8(VarHandle handle, long offset) {

  static U8 of(StructLayout layout, String name) {
    PathElement element = PathElement.groupElement(name);
    return new U8(layout.varHandle(element).withInvokeExactBehavior(), layout.byteOffset(element));
  }

  /** The field, 0 to 255. */
  public int get(PersistentMemory memory, long base) {
    return Byte.toUnsignedInt((byte) handle.get(memory.segment(), base));
  }

  /** Stores the low 8 bits of the value. */
  public void put(PersistentMemory memory, long base, int value) {
    memory.putByte(base + offset, (byte) value);
  }
}
