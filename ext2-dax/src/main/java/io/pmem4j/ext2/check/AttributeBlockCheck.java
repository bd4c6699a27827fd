// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A check of one block of extended attributes: header, entries, places of values and hashes, as
 * {@code check_ext_attr} of e2fsck has them. The hash of the whole block is only a hint.
 */
final class AttributeBlockCheck {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int HEADER_BYTES = 32;
  private static final int ENTRY_BYTES = 16;
  private static final int END_BYTES = 4;
  private static final int NAME_SHIFT = 5;
  private static final int VALUE_SHIFT = 16;

  private final MemorySegment block;
  private final int size;
  private final BitSet taken = new BitSet();

  private AttributeBlockCheck(MemorySegment block) {
    this.block = block;
    this.size = (int) block.byteSize();
  }

  /** Returns what is wrong with the entries of a block that has a right header, or null. */
  static @Nullable String complaint(MemorySegment block) {
    return new AttributeBlockCheck(block).entries();
  }

  private @Nullable String entries() {
    taken.set(0, HEADER_BYTES);
    int at = HEADER_BYTES;
    while (at + ENTRY_BYTES < size && block.get(INT, at) != 0) {
      String complaint = entry(at);
      if (complaint != null) {
        return "entry at " + at + ": " + complaint;
      }
      at += entryBytes(nameLength(at));
    }
    return take(at, END_BYTES) ? null : "the end at " + at + " lies in a value";
  }

  private @Nullable String entry(int at) {
    int valueSize = block.get(INT, at + 8L);
    int valueOffset = Short.toUnsignedInt(block.get(SHORT, at + 2L));
    if (!take(at, entryBytes(nameLength(at)))) {
      return "it lies over another part of the block";
    }
    if (block.get(BYTE, at + 1L) == 0) {
      return "its name space is 0";
    }
    if (block.get(INT, at + 4L) != 0) {
      return "its value is in block " + Integer.toUnsignedString(block.get(INT, at + 4L));
    }
    if (valueSize < 0 || valueOffset + (long) valueSize > size) {
      return "its value ends at " + (valueOffset + Integer.toUnsignedLong(valueSize));
    }
    if (valueSize != 0 && !take(valueOffset, padded(valueSize))) {
      return "its value at " + valueOffset + " lies over another part of the block";
    }
    int found = block.get(INT, at + 12L);
    if (found != hash(at, valueOffset, valueSize, true)
        && found != hash(at, valueOffset, valueSize, false)) {
      return "its hash is 0x%x, expected 0x%x"
          .formatted(found, hash(at, valueOffset, valueSize, true));
    }
    return null;
  }

  private boolean take(int from, int bytes) {
    if (from + bytes > size || taken.get(from, from + bytes).cardinality() > 0) {
      return false;
    }
    taken.set(from, from + bytes);
    return true;
  }

  private int nameLength(int at) {
    return Byte.toUnsignedInt(block.get(BYTE, at));
  }

  private static int padded(int bytes) {
    return (bytes + END_BYTES - 1) & -END_BYTES;
  }

  private static int entryBytes(int nameLength) {
    return padded(ENTRY_BYTES + nameLength);
  }

  /** {@code ext2_xattr_hash_entry}; characters had a sign on some machines and none on others. */
  private int hash(int at, int valueOffset, int valueSize, boolean signed) {
    int hash = 0;
    for (int i = 0; i < nameLength(at); i++) {
      byte each = block.get(BYTE, at + ENTRY_BYTES + (long) i);
      hash = Integer.rotateLeft(hash, NAME_SHIFT) ^ (signed ? each : Byte.toUnsignedInt(each));
    }
    for (int word = 0; word < padded(valueSize); word += END_BYTES) {
      hash = Integer.rotateLeft(hash, VALUE_SHIFT) ^ block.get(INT, valueOffset + (long) word);
    }
    return hash;
  }
}
