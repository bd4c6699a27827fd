// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A parameter of a {@link Syscall}.
 *
 * @param kind the kind
 * @param what its name in messages
 * @param words the words for {@link Kind#WORDS} and {@link Kind#OPTIONS}, with their values
 */
public record Parameter(Kind kind, String what, Map<String, Integer> words) {
  /** The kind of an argument. */
  public enum Kind {
    /** A path below the root of the file system: {@link Name}. */
    PATH,
    /** The root itself, which is not written down: {@link Name}. */
    ROOT,
    /** A word that is handed on as it is: {@link Name}. */
    WORD,
    /** An open file: {@link Name}. */
    FILE,
    /** A mapping: {@link Name}. */
    MAPPING,
    /** A number, given as {@link Integer64}. */
    NUMBER,
    /** A number of bytes that one operation may carry: {@link Integer64}. */
    LENGTH,
    /** Octal: {@link Integer64}. */
    MODE,
    /** Seconds since the program's start, {@link #NOW} or {@link #OMIT}: {@link Integer64}. */
    TIME,
    /** Bytes, given as {@link Data}. */
    DATA,
    /** Words that make flags, at least one: {@link Integer64}. */
    WORDS,
    /** Words that make flags, perhaps none: {@link Integer64}. */
    OPTIONS
  }

  /** In place of a time: the clock's. */
  public static final long NOW = Long.MIN_VALUE;

  /** In place of a time: left as it is. */
  public static final long OMIT = Long.MIN_VALUE + 1;

  /** A value that a program gives. */
  public sealed interface Value {}

  /** A name, a path or another word. */
  public record Name(String text) implements Value {}

  /** A number as a value. */
  public record Integer64(long value) implements Value {}

  /** A byte string as a value. */
  public record Data(Bytes bytes) implements Value {}

  /** Copies the words. */
  public Parameter {
    words = Map.copyOf(words);
  }

  /** Returns the words for the flags, the largest flag first. */
  private String flags(long value) {
    List<Map.Entry<String, Integer>> largestFirst =
        words.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
            .toList();
    List<String> text = new ArrayList<>();
    long left = value;
    for (Map.Entry<String, Integer> word : largestFirst) {
      int flag = word.getValue();
      if (flag == 0 ? value == 0 : (left & flag) == flag) {
        text.addFirst(word.getKey());
        left &= ~flag;
      }
    }
    return String.join(" ", text);
  }

  /** The text that is read back as the value. */
  String text(Value value) {
    return switch (value) {
      case Name name -> kind == Kind.ROOT ? "" : name.text();
      case Data data -> data.bytes().toString();
      case Integer64 number ->
          switch (kind) {
            case MODE -> Long.toOctalString(number.value());
            case TIME ->
                number.value() == NOW
                    ? "now"
                    : number.value() == OMIT ? "omit" : String.valueOf(number.value());
            case WORDS, OPTIONS -> flags(number.value());
            default -> String.valueOf(number.value());
          };
    };
  }
}
