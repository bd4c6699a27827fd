// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.harness.image.ImageContent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The traced pages in one crash state after the other. States differ in few pages of thousands, so
 * each page is compared with the state before, and only one that differs is copied, digested and
 * written to the image. Used by one thread.
 */
final class StatePages {
  private static final int PAGE = ImageContent.PAGE_BYTES;

  private final List<Integer> numbers;
  private final MemorySegment[] content;
  private final byte[][] digests;

  /** The sum of all digests, byte by byte without carry. */
  private final byte[] sum;

  /** The pages that the image has otherwise. */
  private final BitSet unwritten = new BitSet();

  private final MessageDigest digest;

  /**
   * Begins with the pages of an image.
   *
   * @param numbers of the pages
   */
  StatePages(List<Integer> numbers, ImageContent image) {
    this.numbers = numbers;
    digest = sha256();
    sum = new byte[digest.getDigestLength()];
    content = new MemorySegment[numbers.size()];
    digests = new byte[numbers.size()][];
    for (int i = 0; i < content.length; i++) {
      byte[] page = new byte[PAGE];
      image.get(numbers.get(i)).get(page);
      replace(i, page);
    }
    unwritten.clear();
  }

  private void replace(int index, byte[] page) {
    if (digests[index] != null) {
      add(digests[index]);
    }
    content[index] = MemorySegment.ofArray(page);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, index));
    digests[index] = digest.digest(page);
    add(digests[index]);
    unwritten.set(index);
  }

  /** Adds a digest to the sum, or takes it out again. */
  private void add(byte[] each) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] ^= each[i];
    }
  }

  /** Goes over to a state, and returns a key that equal states have in common. */
  String take(MemorySegment state) {
    for (int i = 0; i < content.length; i++) {
      long at = (long) i * PAGE;
      if (MemorySegment.mismatch(state, at, at + PAGE, content[i], 0, PAGE) >= 0) {
        replace(i, state.asSlice(at, PAGE).toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return HexFormat.of().formatHex(sum);
  }

  /** Writes the pages to an image that has the state taken before. */
  void writeTo(MountingMachine machine) throws IOException {
    for (int i = unwritten.nextSetBit(0); i >= 0; i = unwritten.nextSetBit(i + 1)) {
      machine.write(numbers.get(i), bytes(i));
    }
    unwritten.clear();
  }

  private byte[] bytes(int index) {
    return (byte[]) content[index].heapBase().orElseThrow();
  }

  /** Returns a key that equal pages of equal numbers have in common. */
  static String keyOf(Map<Integer, byte[]> pages) {
    MessageDigest digest = sha256();
    for (Map.Entry<Integer, byte[]> page : new TreeMap<>(pages).entrySet()) {
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, page.getKey()));
      digest.update(page.getValue());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the pages by their numbers, as they are now. */
  Map<Integer, byte[]> pages() {
    Map<Integer, byte[]> pages = new HashMap<>();
    for (int i = 0; i < content.length; i++) {
      pages.put(numbers.get(i), bytes(i));
    }
    return pages;
  }
}
