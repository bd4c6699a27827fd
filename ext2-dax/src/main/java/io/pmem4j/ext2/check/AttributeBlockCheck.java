// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;
import java.util.BitSet;

/**
 * A check of the entries of extended attributes, in a block as {@code check_ext_attr} of e2fsck has
 * them, or in the body of an inode as {@code check_ea_in_inode}. The hash of a whole block is only
 * a hint and is not compared.
 */
final class AttributeBlockCheck {
  private static final int HEADER_BYTES = 32;
  private static final int BODY_HEADER_BYTES = 4;
  private static final int ENTRY_BYTES = 16;
  private static final int END_BYTES = 4;
  private static final int NAME_SHIFT = 5;
  private static final int VALUE_SHIFT = 16;
  private static final int MOST_VALUE_BYTES = 65536;

  private static final int NAME_INDEX = 1;
  private static final int VALUE_OFFSET = 2;
  private static final int VALUE_BLOCK = 4;
  private static final int VALUE_SIZE = 8;
  private static final int HASH = 12;

  private final CheckedImage image;
  private final Kind kind;
  private final long number;

  /** The header, the bytes from there on, and the place that offsets of values count from. */
  private final long base;

  private final int size;
  private final int values;
  private final boolean inBody;
  private final BitSet taken = new BitSet();

  private AttributeBlockCheck(
      CheckedImage image, Kind kind, long number, long base, int size, boolean inBody) {
    this.image = image;
    this.kind = kind;
    this.number = number;
    this.base = base;
    this.size = size;
    this.inBody = inBody;
    this.values = inBody ? BODY_HEADER_BYTES : 0;
  }

  /** Reports the first entry of a block that is wrong. */
  static void check(CheckedImage image, long block) {
    new AttributeBlockCheck(
            image, Kind.BAD_ATTRIBUTES, block, image.at(block), image.blockBytes, false)
        .entries(HEADER_BYTES);
  }

  /** Reports the first entry in the body of an inode that is wrong. */
  static void checkBody(CheckedImage image, int ino, long base, int size) {
    new AttributeBlockCheck(image, Kind.BAD_EXTRA, ino, base, size, true)
        .entries(BODY_HEADER_BYTES);
  }

  private void entries(int first) {
    taken.set(0, first);
    int at = first;
    while (at + END_BYTES <= size && image.u32(base + at) != 0) {
      if (inBody && at + ENTRY_BYTES > size) {
        return;
      }
      if (!entry(at)) {
        return;
      }
      at += entryBytes(nameLength(at));
    }
    if (!take(at, END_BYTES)) {
      add("end", at, at, 0, size - END_BYTES);
    }
  }

  private void add(String field, int at, long found, long least, long most) {
    image.add(kind, number, field, base + at, found, least, most);
  }

  private boolean entry(int at) {
    long block = image.u32(base + at + VALUE_BLOCK);
    long valueSize = image.u32(base + at + VALUE_SIZE);
    int offset = image.u16(base + at + VALUE_OFFSET);
    if (!take(at, entryBytes(nameLength(at)))) {
      add("e_name_len", at, nameLength(at), 0, Math.max(size - at - ENTRY_BYTES, 0));
    } else if (!inBody && image.u8(base + at + NAME_INDEX) == 0) {
      add("e_name_index", at + NAME_INDEX, 0, 1, 255);
    } else if (block != 0) {
      add("e_value_block", at + VALUE_BLOCK, block, 0, 0);
    } else if (valueSize > MOST_VALUE_BYTES || (!inBody && offset + valueSize > size)) {
      add("e_value_size", at + VALUE_SIZE, valueSize, 0, Math.max(size - values - offset, 0));
    } else if (valueSize != 0 && !take(values + offset, padded((int) valueSize))) {
      add("e_value_offs", at + VALUE_OFFSET, offset, at, size - valueSize);
    } else {
      return hash(at, offset, (int) valueSize);
    }
    return false;
  }

  private boolean hash(int at, int offset, int valueSize) {
    long found = image.u32(base + at + HASH);
    long expected = hash(at, offset, valueSize, false);
    if (found == expected || found == hash(at, offset, valueSize, true) || (inBody && found == 0)) {
      return true;
    }
    add("e_hash", at + HASH, found, expected, expected);
    return false;
  }

  private boolean take(int from, int bytes) {
    int next = taken.nextSetBit(from);
    if (from + bytes > size || (next >= 0 && next < from + bytes)) {
      return false;
    }
    taken.set(from, from + bytes);
    return true;
  }

  private int nameLength(int at) {
    return image.u8(base + at);
  }

  private static int padded(int bytes) {
    return (bytes + END_BYTES - 1) & -END_BYTES;
  }

  private static int entryBytes(int nameLength) {
    return padded(ENTRY_BYTES + nameLength);
  }

  /** {@code ext2_xattr_hash_entry}; characters had a sign on some machines and none on others. */
  private long hash(int at, int offset, int valueSize, boolean signed) {
    int hash = 0;
    for (int i = 0; i < nameLength(at); i++) {
      int each = image.u8(base + at + ENTRY_BYTES + i);
      hash = Integer.rotateLeft(hash, NAME_SHIFT) ^ (signed ? (byte) each : each);
    }
    for (int word = 0; word < padded(valueSize); word += END_BYTES) {
      hash = Integer.rotateLeft(hash, VALUE_SHIFT) ^ (int) image.u32(base + values + offset + word);
    }
    return Integer.toUnsignedLong(hash);
  }
}
