// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The content of a page of a map, as an array that is as long as its used part. An entry is the
 * length of its key in two bytes, the key, and its payload up to the next entry: a value, or the
 * pointer to a page. The functions return changed copies. A copy may be larger than {@link #SIZE}
 * until it is split.
 */
final class MapPage {
  static final int SIZE = 4096;
  static final int HEADER_BYTES = 32;
  static final int LEAF = 1;
  static final int BRANCH = 2;

  /** A page with a part of a value that is too large for a leaf. */
  static final int PART = 3;

  /** The bytes of a pointer: page and checksum in one word, then the sequence of the page. */
  static final int POINTER_BYTES = 16;

  /** The payload of a large value: a pointer and the length. */
  static final int LARGE_BYTES = POINTER_BYTES + 4;

  /** The most bytes of an entry; three fit into a page, so that a split always succeeds. */
  static final int MAX_ENTRY = (SIZE - HEADER_BYTES) / 3 - 2;

  /** The bit of a pointer's sequence that says that large values lie below. */
  static final long LARGE_BELOW = 1L << 63;

  private static final int LARGE_KIND = 0x80;
  private static final int LARGE_KEY = 0x8000;
  private static final int LEVEL_AT = 1;
  private static final int COUNT_AT = 2;
  private static final int USED_AT = 4;
  private static final int SEQUENCE_AT = 8;
  private static final int ENTRIES_AT = 16;
  private static final int END_AT = 24;

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle DIGITS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private MapPage() {}

  static byte[] empty(int kind, int level) {
    byte[] page = new byte[HEADER_BYTES];
    page[0] = (byte) kind;
    page[LEVEL_AT] = (byte) level;
    INT.set(page, USED_AT, HEADER_BYTES);
    return page;
  }

  static int kind(byte[] page) {
    return page[0] & ~LARGE_KIND & 0xff;
  }

  /** Returns true if a value here or below may lie in pages of its own. */
  static boolean mayHaveLarge(byte[] page) {
    return (page[0] & LARGE_KIND) != 0;
  }

  static void setMayHaveLarge(byte[] page) {
    page[0] |= (byte) LARGE_KIND;
  }

  static int level(byte[] page) {
    return page[LEVEL_AT];
  }

  static int count(byte[] page) {
    return (short) SHORT.get(page, COUNT_AT) & 0xffff;
  }

  static int used(byte[] page) {
    return (int) INT.get(page, USED_AT);
  }

  static long sequence(byte[] page) {
    return (long) LONG.get(page, SEQUENCE_AT);
  }

  static long entries(byte[] root) {
    return (long) LONG.get(root, ENTRIES_AT);
  }

  static int end(byte[] root) {
    return (int) INT.get(root, END_AT);
  }

  /** Sets the sequence, and what only a root has; others have zeros there. */
  static void stamp(byte[] page, long sequence, long entries, int end) {
    LONG.set(page, SEQUENCE_AT, sequence);
    LONG.set(page, ENTRIES_AT, entries);
    INT.set(page, END_AT, end);
  }

  static long longAt(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  static int intAt(byte[] bytes, int at) {
    return (int) INT.get(bytes, at);
  }

  static void setInt(byte[] bytes, int at, int value) {
    INT.set(bytes, at, value);
  }

  static void setPointer(byte[] bytes, int at, long word, long sequence) {
    LONG.set(bytes, at, word);
    LONG.set(bytes, at + 8, sequence);
  }

  private static int start(byte[] page, int index) {
    return (short) SHORT.get(page, HEADER_BYTES + 2 * index) & 0xffff;
  }

  /** Returns the end of an entry, or of the last one before an index of {@code count}. */
  static int endOf(byte[] page, int index) {
    return index + 1 < count(page) ? start(page, index + 1) : page.length;
  }

  private static int dataFrom(byte[] page, int index) {
    return index < count(page) ? start(page, index) : page.length;
  }

  static int keyAt(byte[] page, int index) {
    return start(page, index) + 2;
  }

  static int keyLength(byte[] page, int index) {
    return (short) SHORT.get(page, start(page, index)) & 0x7fff;
  }

  static boolean isLarge(byte[] page, int index) {
    return ((short) SHORT.get(page, start(page, index)) & LARGE_KEY) != 0;
  }

  static int payloadAt(byte[] page, int index) {
    int start = start(page, index);
    return start + 2 + ((short) SHORT.get(page, start) & 0x7fff);
  }

  static byte[] key(byte[] page, int index) {
    return copy(page, keyAt(page, index), keyLength(page, index));
  }

  static byte[] payload(byte[] page, int index) {
    int at = payloadAt(page, index);
    return copy(page, at, endOf(page, index) - at);
  }

  private static byte[] copy(byte[] from, int at, int length) {
    byte[] copy = new byte[length];
    System.arraycopy(from, at, copy, 0, length);
    return copy;
  }

  /** Compares a key in a page with another, byte by byte without signs. */
  static int compare(byte[] page, int index, byte[] key) {
    int start = start(page, index);
    int length = (short) SHORT.get(page, start) & 0x7fff;
    return compare(page, start + 2, length, key);
  }

  /** Returns the first eight bytes of a key as a number of the same order; zeros fill it up. */
  static long head(byte[] bytes, int at, int length) {
    long digits = 0;
    if (length >= Long.BYTES) {
      digits = (long) DIGITS.get(bytes, at);
    } else {
      for (int i = 0; i < length; i++) {
        digits |= (bytes[at + i] & 0xffL) << (56 - 8 * i);
      }
    }
    return digits ^ Long.MIN_VALUE;
  }

  private static int compare(byte[] one, int at, int length, byte[] other) {
    int common = Math.min(length, other.length);
    int i = 0;
    for (; i + 8 <= common; i += 8) {
      long left = (long) DIGITS.get(one, at + i);
      long right = (long) DIGITS.get(other, i);
      if (left != right) {
        return Long.compareUnsigned(left, right);
      }
    }
    for (; i < common; i++) {
      if (one[at + i] != other[i]) {
        return (one[at + i] & 0xff) - (other[i] & 0xff);
      }
    }
    return length - other.length;
  }

  /** Returns the index of a key in a leaf, or -1 minus the index where it would be. */
  static int find(byte[] leaf, byte[] key) {
    int low = 0;
    int high = count(leaf) - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = compare(leaf, middle, key);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1 - low;
  }

  /** Returns the index of the child of a branch whose range has the key; the first key is least. */
  static int child(byte[] branch, byte[] key) {
    int low = 1;
    int high = count(branch) - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (compare(branch, middle, key) <= 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return low - 1;
  }

  /** Returns an entry with an inline value or a pointer. */
  static byte[] entry(byte[] key, byte[] payload, boolean large) {
    byte[] entry = new byte[2 + key.length + payload.length];
    SHORT.set(entry, 0, (short) (key.length | (large ? LARGE_KEY : 0)));
    System.arraycopy(key, 0, entry, 2, key.length);
    System.arraycopy(payload, 0, entry, 2 + key.length, payload.length);
    return entry;
  }

  /** Returns a copy with another entry, or none, in place of those from one index to another. */
  static byte[] splice(byte[] page, int from, int to, byte @Nullable [] entry) {
    int added = entry == null ? 0 : 1;
    int extra = entry == null ? 0 : entry.length;
    int count = count(page);
    int begin = dataFrom(page, from);
    int resume = dataFrom(page, to);
    if (entry != null && to == from + 1 && extra == resume - begin) {
      byte[] same = page.clone(); // no other entry moves
      System.arraycopy(entry, 0, same, begin, extra);
      return same;
    }
    int newCount = count - (to - from) + added;
    int shift = 2 * (newCount - count);
    byte[] copy = new byte[page.length + shift + extra - (resume - begin)];
    System.arraycopy(page, 0, copy, 0, HEADER_BYTES);
    setCounts(copy, newCount);
    for (int i = 0; i < from; i++) {
      setStart(copy, i, start(page, i) + shift);
    }
    if (entry != null) {
      setStart(copy, from, begin + shift);
      System.arraycopy(entry, 0, copy, begin + shift, extra);
    }
    int later = shift + extra - (resume - begin);
    for (int i = to; i < count; i++) {
      setStart(copy, i - to + from + added, start(page, i) + later);
    }
    int data = HEADER_BYTES + 2 * count;
    System.arraycopy(page, data, copy, data + shift, begin - data);
    System.arraycopy(page, resume, copy, resume + later, page.length - resume);
    return copy;
  }

  private static void setCounts(byte[] page, int count) {
    SHORT.set(page, COUNT_AT, (short) count);
    setUsed(page);
  }

  static void setUsed(byte[] page) {
    INT.set(page, USED_AT, page.length);
  }

  private static void setStart(byte[] page, int index, int start) {
    SHORT.set(page, HEADER_BYTES + 2 * index, (short) start);
  }

  /** Returns a copy of the entries from one index to another. */
  static byte[] part(byte[] page, int from, int to) {
    int begin = dataFrom(page, from);
    int bytes = dataFrom(page, to) - begin;
    int data = HEADER_BYTES + 2 * (to - from);
    byte[] copy = new byte[data + bytes];
    System.arraycopy(page, 0, copy, 0, HEADER_BYTES);
    setCounts(copy, to - from);
    for (int i = from; i < to; i++) {
      setStart(copy, i - from, start(page, i) - begin + data);
    }
    System.arraycopy(page, begin, copy, data, bytes);
    return copy;
  }

  /** Returns the entries of one page and then those of another of its level. */
  static byte[] join(byte[] left, byte[] right) {
    int lefts = count(left);
    int rights = count(right);
    byte[] copy = new byte[left.length + right.length - HEADER_BYTES];
    System.arraycopy(left, 0, copy, 0, HEADER_BYTES);
    copy[0] |= (byte) (right[0] & LARGE_KIND);
    setCounts(copy, lefts + rights);
    for (int i = 0; i < lefts; i++) {
      setStart(copy, i, start(left, i) + 2 * rights);
    }
    for (int i = 0; i < rights; i++) {
      setStart(copy, lefts + i, start(right, i) - HEADER_BYTES + left.length);
    }
    int data = HEADER_BYTES + 2 * lefts;
    System.arraycopy(left, data, copy, data + 2 * rights, left.length - data);
    int from = HEADER_BYTES + 2 * rights;
    System.arraycopy(right, from, copy, left.length + 2 * rights, right.length - from);
    return copy;
  }

  /**
   * Returns the index at which a page that is too large is split.
   *
   * @param added the index of the entry that made it too large; at the end only it is split off, so
   *     that keys in ascending order fill their pages
   */
  static int cut(byte[] page, int added) {
    int count = count(page);
    if (added == count - 1) {
      return added;
    }
    int half = (page.length + HEADER_BYTES) / 2;
    int cut = 1;
    while (cut < count - 1 && dataFrom(page, cut) - 2 * (count - cut) < half) {
      cut++;
    }
    return cut;
  }

  /** Returns the shortest key that is above the last key of one leaf and not above the next. */
  static byte[] separator(byte[] left, byte[] right) {
    byte[] above = key(right, 0);
    byte[] below = key(left, count(left) - 1);
    int same = 0;
    while (same < below.length && below[same] == above[same]) {
      same++;
    }
    return copy(above, 0, same + 1);
  }
}
