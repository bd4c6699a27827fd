// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.HexFormat;

/**
 * Data of a program: a pattern, repeated.
 *
 * @param hex the pattern, lower-case hexadecimal, two digits a byte, not empty
 * @param times how often it is repeated, at least 1
 */
public record Bytes(String hex, int times) {
  /** No operation carries more than this, bytes: a frame to the guest has to hold it. */
  public static final int MAX_BYTES = 1 << 20;

  /** Checks the ranges: {@link IllegalArgumentException}. */
  public Bytes {
    if (hex.isEmpty() || times < 1 || (long) hex.length() / 2 * times > MAX_BYTES) {
      throw new IllegalArgumentException("data must have 1 to " + MAX_BYTES + " bytes");
    }
    if (!hex.equals(HexFormat.of().formatHex(HexFormat.of().parseHex(hex)))) {
      throw new IllegalArgumentException("data must be lower-case hexadecimal");
    }
  }

  /** Reads {@code x41} or {@code x4142*2048}. */
  static Bytes parse(String text) {
    if (!text.startsWith("x")) {
      throw new IllegalArgumentException("data starts with x, as in x41 or x41*4096");
    }
    int star = text.indexOf('*');
    String hex = text.substring(1, star < 0 ? text.length() : star);
    return new Bytes(hex, star < 0 ? 1 : Integer.parseInt(text.substring(star + 1)));
  }

  /** Returns how many bytes there are. */
  public int length() {
    return hex.length() / 2 * times;
  }

  /** Returns a copy of the bytes. */
  public byte[] toArray() {
    byte[] pattern = HexFormat.of().parseHex(hex);
    byte[] all = new byte[pattern.length * times];
    System.arraycopy(pattern, 0, all, 0, pattern.length);
    for (int done = pattern.length; done < all.length; done *= 2) {
      System.arraycopy(all, 0, all, done, Math.min(done, all.length - done));
    }
    return all;
  }

  /** The text {@link #parse} reads. */
  @Override
  public String toString() {
    return "x" + hex + (times == 1 ? "" : "*" + times);
  }
}
