// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The little-endian value layouts that every structure is made of. */
final class Le {
  static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Le() {}

  static MemoryLayout u8(String name) {
    return U8.withName(name);
  }

  static MemoryLayout u16(String name) {
    return U16.withName(name);
  }

  static MemoryLayout u32(String name) {
    return U32.withName(name);
  }

  static SequenceLayout bytes(String name, long count) {
    return MemoryLayout.sequenceLayout(count, U8).withName(name);
  }

  static SequenceLayout words(String name, long count) {
    return MemoryLayout.sequenceLayout(count, U32).withName(name);
  }
}
