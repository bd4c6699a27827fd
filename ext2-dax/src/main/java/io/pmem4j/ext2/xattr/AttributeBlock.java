// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.layout.AttributeHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a block of attributes in memory. Entries follow the header, sorted by name index,
 * length of the name and name; four zero bytes end them. Values fill the block from its end. Not
 * thread-safe.
 *
 * <pre>
 *   header: magic, refcount, blocks, hash, 16 zero bytes
 *   entry:  name_len 1, name_index 1, value_offs 2, value_block 4, value_size 4, hash 4, name
 * </pre>
 */
final class AttributeBlock {
  private static final int REFCOUNT = 4;
  private static final int BLOCKS = 8;
  private static final int HASH = 12;
  private static final int HEADER_BYTES = 32;

  private static final int NAME_INDEX = 1;
  private static final int VALUE_OFFSET = 2;
  private static final int VALUE_BLOCK = 4;
  private static final int VALUE_SIZE = 8;
  private static final int ENTRY_HASH = 12;
  private static final int ENTRY_BYTES = 16;

  private static final int END_BYTES = 4;
  private static final int ROUND = 3;
  private static final int NAME_HASH_SHIFT = 5;
  private static final int VALUE_HASH_SHIFT = 16;

  private final ByteBuffer block;

  /** Takes the content of a block, which becomes this object's own. */
  AttributeBlock(byte[] bytes) {
    this.block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns a block of a size without attributes, and with one reference. */
  static AttributeBlock empty(int bytes) {
    AttributeBlock made = new AttributeBlock(new byte[bytes]);
    made.block.putInt(0, AttributeHeader.MAGIC).putInt(REFCOUNT, 1).putInt(BLOCKS, 1);
    return made;
  }

  /**
   * An attribute found, or the place for one.
   *
   * @param here its entry, or where its entry belongs
   * @param last the end of all entries
   * @param minOffset where the values begin
   * @param found whether the attribute exists
   */
  record Place(int here, int last, int minOffset, boolean found) {}

  /** Visits an attribute. */
  interface Visitor {
    void entry(int nameIndex, byte[] name) throws Ext2Exception;
  }

  byte[] bytes() {
    return block.array();
  }

  int hash() {
    return block.getInt(HASH);
  }

  int refcount() {
    return block.getInt(REFCOUNT);
  }

  void refcount(int value) {
    block.putInt(REFCOUNT, value);
  }

  boolean isEmpty() {
    return isLast(HEADER_BYTES);
  }

  /** Returns true for a header of this format: {@code ext2_xattr_header_valid}. */
  boolean hasValidHeader() {
    return block.getInt(0) == AttributeHeader.MAGIC && block.getInt(BLOCKS) == 1;
  }

  private boolean isLast(int entry) {
    return block.getInt(entry) == 0;
  }

  private int nameLength(int entry) {
    return Byte.toUnsignedInt(block.get(entry));
  }

  private int nameIndex(int entry) {
    return Byte.toUnsignedInt(block.get(entry + NAME_INDEX));
  }

  private int valueOffset(int entry) {
    return Short.toUnsignedInt(block.getShort(entry + VALUE_OFFSET));
  }

  private int valueSize(int entry) {
    return block.getInt(entry + VALUE_SIZE);
  }

  private byte[] name(int entry) {
    int from = entry + ENTRY_BYTES;
    return Arrays.copyOfRange(block.array(), from, from + nameLength(entry));
  }

  private static int padded(int size) {
    return (size + ROUND) & ~ROUND;
  }

  private static int entryBytes(int nameLength) {
    return padded(nameLength + ENTRY_BYTES);
  }

  private int next(int entry) {
    return entry + entryBytes(nameLength(entry));
  }

  /**
   * {@code ext2_xattr_entry_valid}, and the padding of the value lies in the block, which the
   * kernel does not check.
   */
  private boolean isValid(int entry) {
    if (next(entry) >= block.capacity()) {
      return false;
    }
    int size = valueSize(entry);
    return block.getInt(entry + VALUE_BLOCK) == 0
        && size >= 0
        && size <= block.capacity()
        && valueOffset(entry) + padded(size) <= block.capacity();
  }

  /** Compares a name with an entry: {@code ext2_xattr_cmp_entry}. */
  private int compare(int nameIndex, byte[] name, int entry) {
    int order = nameIndex - nameIndex(entry);
    if (order == 0) {
      order = name.length - nameLength(entry);
    }
    return order == 0 ? Arrays.compareUnsigned(name, name(entry)) : order;
  }

  /**
   * Finds an attribute. Entries behind it are not looked at.
   *
   * @return its place; null if an entry on the way is damaged
   */
  @Nullable Place find(int nameIndex, byte[] name) {
    int entry = HEADER_BYTES;
    while (!isLast(entry)) {
      if (!isValid(entry)) {
        return null;
      }
      int order = compare(nameIndex, name, entry);
      if (order <= 0) {
        return new Place(entry, entry, 0, order == 0);
      }
      entry = next(entry);
    }
    return new Place(entry, entry, 0, false);
  }

  /**
   * Finds an attribute or the place for one, and where the free part lies.
   *
   * @return the place; null if an entry is damaged, or if values lie among the entries or over each
   *     other, which the kernel does not check: with the removal of one the other would move past
   *     the end
   */
  @Nullable Place locate(int nameIndex, byte[] name) {
    BitSet values = new BitSet();
    int minOffset = block.capacity();
    int here = -1;
    boolean found = false;
    int last = HEADER_BYTES;
    while (!isLast(last)) {
      if (!isValid(last)) {
        return null;
      }
      int size = padded(valueSize(last));
      if (size != 0) {
        int offset = valueOffset(last);
        int next = values.nextSetBit(offset);
        if (next >= 0 && next < offset + size) {
          return null;
        }
        values.set(offset, offset + size);
        minOffset = Math.min(minOffset, offset);
      }
      if (here < 0) {
        int order = compare(nameIndex, name, last);
        if (order <= 0) {
          here = last;
          found = order == 0;
        }
      }
      last = next(last);
    }
    if (minOffset < last + END_BYTES) {
      return null;
    }
    return new Place(here < 0 ? last : here, last, minOffset, found);
  }

  byte[] value(int entry) {
    int from = valueOffset(entry);
    return Arrays.copyOfRange(block.array(), from, from + valueSize(entry));
  }

  /** Visits all attributes in their order; returns false, and visits none, if one is damaged. */
  boolean visit(Visitor visitor) throws Ext2Exception {
    for (int entry = HEADER_BYTES; !isLast(entry); entry = next(entry)) {
      if (!isValid(entry)) {
        return false;
      }
    }
    for (int entry = HEADER_BYTES; !isLast(entry); entry = next(entry)) {
      visitor.entry(nameIndex(entry), name(entry));
    }
    return true;
  }

  /** Returns true if an attribute of a length of name and value fits into the place. */
  boolean fits(Place place, int nameLength, int valueLength) {
    int free = place.minOffset() - place.last() - END_BYTES;
    if (place.found()) {
      free += padded(valueSize(place.here())) + entryBytes(nameLength);
    }
    return free >= entryBytes(nameLength) + padded(valueLength);
  }

  /** Sets an attribute, which fits; {@code hash} of the block follows. */
  void set(Place place, int nameIndex, byte[] name, byte[] value) {
    int here = place.here();
    int minOffset = place.minOffset();
    if (!place.found()) {
      int size = entryBytes(name.length);
      move(here + size, here, place.last() - here);
      clear(here, size);
      block.put(here, (byte) name.length).put(here + NAME_INDEX, (byte) nameIndex);
      block.put(here + ENTRY_BYTES, name);
    } else if (valueSize(here) != 0) {
      if (padded(valueSize(here)) == padded(value.length)) {
        store(here, valueOffset(here), value);
        rehash(here);
        return;
      }
      minOffset = removeValue(here, minOffset);
    }
    block.putInt(here + VALUE_SIZE, value.length);
    if (value.length > 0) {
      store(here, minOffset - padded(value.length), value);
    }
    rehash(here);
  }

  /** Removes an attribute. */
  void remove(Place place, int nameLength) {
    int here = place.here();
    if (valueSize(here) != 0) {
      removeValue(here, place.minOffset());
    }
    int size = entryBytes(nameLength);
    int last = place.last() - size;
    move(here, here + size, last - here);
    clear(last, size);
    if (!isEmpty()) {
      // As in the kernel, which computes the hash of the entry that follows, or of the end.
      rehash(here);
    }
  }

  private void store(int entry, int offset, byte[] value) {
    block.putInt(entry + VALUE_SIZE, value.length);
    block.putShort(entry + VALUE_OFFSET, (short) offset);
    clear(offset + padded(value.length) - END_BYTES, END_BYTES);
    block.put(offset, value);
  }

  /** Closes the gap of a value; returns where the values begin then. */
  private int removeValue(int here, int minOffset) {
    int offset = valueOffset(here);
    int size = padded(valueSize(here));
    move(minOffset + size, minOffset, offset - minOffset);
    clear(minOffset, size);
    for (int entry = HEADER_BYTES; !isLast(entry); entry = next(entry)) {
      int each = valueOffset(entry);
      if (each < offset) {
        block.putShort(entry + VALUE_OFFSET, (short) (each + size));
      }
    }
    block.putShort(here + VALUE_OFFSET, (short) 0);
    return minOffset + size;
  }

  private void move(int to, int from, int count) {
    System.arraycopy(block.array(), from, block.array(), to, count);
  }

  private void clear(int from, int count) {
    Arrays.fill(block.array(), from, from + count, (byte) 0);
  }

  /** {@code ext2_xattr_rehash}: of a changed entry, then of the block; 0 is never shared. */
  private void rehash(int changed) {
    block.putInt(changed + ENTRY_HASH, hashOf(changed));
    int hash = 0;
    for (int entry = HEADER_BYTES; !isLast(entry); entry = next(entry)) {
      int each = block.getInt(entry + ENTRY_HASH);
      if (each == 0) {
        hash = 0;
        break;
      }
      hash = Integer.rotateLeft(hash, VALUE_HASH_SHIFT) ^ each;
    }
    block.putInt(HASH, hash);
  }

  /** {@code ext2_xattr_hash_entry}; characters of names have a sign. */
  private int hashOf(int entry) {
    int hash = 0;
    for (byte each : name(entry)) {
      hash = Integer.rotateLeft(hash, NAME_HASH_SHIFT) ^ each;
    }
    int value = valueOffset(entry);
    for (int words = padded(valueSize(entry)) / END_BYTES; words > 0; words--) {
      hash = Integer.rotateLeft(hash, VALUE_HASH_SHIFT) ^ block.getInt(value);
      value += END_BYTES;
    }
    return hash;
  }

  /** {@code ext2_xattr_cmp}: the same attributes, wherever their values lie. */
  boolean hasSameAttributes(AttributeBlock other) {
    int mine = HEADER_BYTES;
    int its = HEADER_BYTES;
    while (!isLast(mine)) {
      if (other.isLast(its) || !other.isValid(its) || !isSameEntry(mine, other, its)) {
        return false;
      }
      mine = next(mine);
      its = other.next(its);
    }
    return other.isLast(its);
  }

  private boolean isSameEntry(int mine, AttributeBlock other, int its) {
    return block.getInt(mine + ENTRY_HASH) == other.block.getInt(its + ENTRY_HASH)
        && nameIndex(mine) == other.nameIndex(its)
        && valueSize(mine) == other.valueSize(its)
        && Arrays.equals(name(mine), other.name(its))
        && Arrays.equals(value(mine), other.value(its));
  }
}
