// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.function.IntConsumer;

/**
 * A value in a chain of pages. The entry in the leaf has the pointer to the first page and the
 * length; each page has the pointer to the next one and a part of the value.
 */
final class LargeValue {
  private static final int PART_AT = MapPage.HEADER_BYTES + MapPage.POINTER_BYTES;
  private static final int PART_BYTES = MapPage.SIZE - PART_AT;

  private LargeValue() {}

  /** Returns the number of pages of a value. */
  static int pages(int bytes) {
    return (int) (((long) bytes + PART_BYTES - 1) / PART_BYTES);
  }

  static byte[] read(MapPages pages, byte[] payload) {
    long word = MapPage.longAt(payload, 0);
    int bytes = MapPage.intAt(payload, MapPage.POINTER_BYTES);
    if (bytes < 0 || pages(bytes) > pages.count()) {
      throw new DurableCorruptionException(
          "a large value has a length of " + bytes + " in a map of " + pages.count() + " pages",
          MapPages.at(MapNode.page(word)));
    }
    byte[] value = new byte[bytes];
    long sequence = MapPage.longAt(payload, 8);
    int done = 0;
    while (done < value.length) {
      byte[] part = pages.get(word, sequence).bytes;
      int length = Math.min(part.length - PART_AT, value.length - done);
      if (length <= 0) {
        throw new DurableCorruptionException(
            "a large value is shorter than its length of " + value.length,
            MapPages.at(MapNode.page(word)));
      }
      System.arraycopy(part, PART_AT, value, done, length);
      done += length;
      word = MapPage.longAt(part, MapPage.HEADER_BYTES);
      sequence = MapPage.longAt(part, MapPage.HEADER_BYTES + 8);
    }
    return value;
  }

  /** Calls a consumer with the number of each page of a value. */
  static void visit(MapPages pages, byte[] payload, IntConsumer visitor) {
    long word = MapPage.longAt(payload, 0);
    long sequence = MapPage.longAt(payload, 8);
    while (word != 0) {
      visitor.accept(MapNode.page(word));
      byte[] part = pages.get(word, sequence).bytes;
      word = MapPage.longAt(part, MapPage.HEADER_BYTES);
      sequence = MapPage.longAt(part, MapPage.HEADER_BYTES + 8);
    }
  }

  /** Returns the content of one page of a value. */
  static byte[] part(byte[] value, int index, long nextWord, long nextSequence) {
    int from = index * PART_BYTES;
    int length = Math.min(PART_BYTES, value.length - from);
    byte[] page = java.util.Arrays.copyOf(MapPage.empty(MapPage.PART, 0), PART_AT + length);
    MapPage.setUsed(page);
    MapPage.setPointer(page, MapPage.HEADER_BYTES, nextWord, nextSequence);
    System.arraycopy(value, from, page, PART_AT, length);
    return page;
  }
}
