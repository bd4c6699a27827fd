// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A scanner of the words of one line; each call names the word that it expects. */
final class LineScanner {
  /** The words for open(2)'s flags, and their values. */
  static final Map<String, Integer> OPEN_FLAGS =
      Map.ofEntries(
          Map.entry("ro", 0),
          Map.entry("wo", 1),
          Map.entry("rw", 2),
          Map.entry("creat", 0100),
          Map.entry("excl", 0200),
          Map.entry("trunc", 01000),
          Map.entry("append", 02000),
          Map.entry("nonblock", 04000),
          Map.entry("dsync", 010000),
          Map.entry("direct", 040000),
          Map.entry("directory", 0200000),
          Map.entry("nofollow", 0400000),
          Map.entry("noatime", 01000000),
          Map.entry("sync", 04010000),
          Map.entry("tmpfile", 020200000));

  private static final long PAGE_BYTES = 4096;

  private final List<String> words;
  private int next;

  LineScanner(String line) {
    words = Arrays.asList(line.trim().split("\\s+", -1));
  }

  boolean hasMore() {
    return next < words.size();
  }

  String word(String what) {
    if (!hasMore()) {
      throw new IllegalArgumentException("missing " + what);
    }
    return words.get(next++);
  }

  String path() {
    String path = word("path");
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("path must start with /: " + path);
    }
    return path;
  }

  /**
   * Parses a number: decimal, {@code 3P} pages, {@code 8k}, {@code 2m}, sums and differences of
   * such terms.
   */
  long number(String what) {
    String text = word(what);
    long sum = 0;
    for (String term : text.split("(?=[+-])", -1)) {
      sum = Math.addExact(sum, term(term, what));
    }
    return sum;
  }

  int length(String what) {
    long length = number(what);
    if (length < 0 || length > Bytes.MAX_BYTES) {
      throw new IllegalArgumentException(what + " must be 0 to " + Bytes.MAX_BYTES);
    }
    return (int) length;
  }

  Bytes data() {
    return Bytes.parse(word("data"));
  }

  int openFlags() {
    int flags = 0;
    while (hasMore()) {
      Integer flag = OPEN_FLAGS.get(words.get(next));
      if (flag == null) {
        break;
      }
      flags |= flag;
      next++;
    }
    return flags;
  }

  /** The mode that may end an {@code open}: octal, 0644 unless given. */
  int mode() {
    return hasMore() ? Integer.parseInt(word("mode"), 8) : 0644;
  }

  void end() {
    if (hasMore()) {
      throw new IllegalArgumentException("unexpected '" + words.get(next) + "'");
    }
  }

  /** {@code align=2m} at the end of a mapping; 0 without. */
  long alignment() {
    if (!hasMore()) {
      return 0;
    }
    String word = word("alignment");
    if (!word.startsWith("align=")) {
      throw new IllegalArgumentException("unexpected '" + word + "'");
    }
    long align = term(word.substring("align=".length()), "alignment");
    if (Long.bitCount(align) != 1 || align < PAGE_BYTES || align > 1 << 30) {
      throw new IllegalArgumentException("alignment must be a power of two from 4k to 1024m");
    }
    return align;
  }

  /** Seconds since the program's start, {@code now} or {@code omit}. */
  long time(String what) {
    if (hasMore() && words.get(next).equals("now")) {
      next++;
      return Parameter.NOW;
    }
    if (hasMore() && words.get(next).equals("omit")) {
      next++;
      return Parameter.OMIT;
    }
    return number(what);
  }

  /** Words to the end of the line, at least one, that make up flags. */
  int flags(Map<String, Integer> table, String what) {
    int flags = known(table, what);
    while (hasMore() && !words.get(next).contains("=")) {
      flags |= known(table, what);
    }
    return flags;
  }

  int known(Map<String, Integer> table, String what) {
    String word = word(what);
    Integer value = table.get(word);
    if (value == null) {
      throw new IllegalArgumentException("unknown " + what + " '" + word + "'");
    }
    return value;
  }

  private static long term(String term, String what) {
    try {
      long unit =
          switch (term.charAt(term.length() - 1)) {
            case 'P' -> PAGE_BYTES;
            case 'k' -> 1 << 10;
            case 'm' -> 1 << 20;
            default -> 0;
          };
      return unit == 0
          ? Long.parseLong(term)
          : Math.multiplyExact(Long.parseLong(term.substring(0, term.length() - 1)), unit);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(what + " is not a number: " + term, e);
    }
  }
}
