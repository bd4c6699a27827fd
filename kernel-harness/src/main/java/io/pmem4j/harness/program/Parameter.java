// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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
    /** The name of a file that the call opens: {@link Name}. */
    NEW_FILE,
    /** An open file that the call closes: {@link Name}. */
    GONE_FILE,
    /** A mapping: {@link Name}. */
    MAPPING,
    /** The name of a mapping that the call makes: {@link Name}. */
    NEW_MAPPING,
    /** A mapping that the call removes: {@link Name}. */
    GONE_MAPPING,
    /** A number, given as {@link Integer64}. */
    NUMBER,
    /** A number of bytes that one operation may carry: {@link Integer64}. */
    LENGTH,
    /** Octal: {@link Integer64}. */
    MODE,
    /** Octal at the end of a line, 0644 if it is not there: {@link Integer64}. */
    OPEN_MODE,
    /** Words of open(2), perhaps none: {@link Integer64}. */
    OPEN_FLAGS,
    /** {@code align=2m} at the end of a line, 0 if it is not there: {@link Integer64}. */
    ALIGNMENT,
    /** Seconds since the program's start, {@link #NOW} or {@link #OMIT}: {@link Integer64}. */
    TIME,
    /** Bytes, given as {@link Data}. */
    DATA,
    /** One word of several: {@link Integer64}. */
    CHOICE,
    /** Words that make flags, at least one: {@link Integer64}. */
    WORDS,
    /** Words that make flags, perhaps none: {@link Integer64}. */
    OPTIONS;

    /** Returns whether the argument names a mapping that is there before the call. */
    public boolean isUsedMapping() {
      return this == MAPPING || this == GONE_MAPPING;
    }

    /** Returns whether the agent has the argument as text or bytes, and not as a number. */
    public boolean isText() {
      return this == PATH || this == ROOT || this == WORD || this == DATA;
    }
  }

  /** In place of a time: the clock's. */
  public static final long NOW = Long.MIN_VALUE;

  /** In place of a time: left as it is. */
  public static final long OMIT = Long.MIN_VALUE + 1;

  /** Protections of memory. */
  static final String PROTECTIONS = "none=0 r=1 w=2 rw=3 x=4 rx=5 wx=6 rwx=7";

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

  static Parameter of(Kind kind, String what) {
    return new Parameter(kind, what, Map.of());
  }

  /** Returns a parameter with words as in {@code r=1 w=2}. */
  static Parameter ofWords(Kind kind, String what, String words) {
    return new Parameter(
        kind,
        what,
        Arrays.stream(words.split(" ", -1))
            .map(word -> word.split("=", -1))
            .collect(Collectors.toMap(word -> word[0], word -> Integer.decode(word[1]))));
  }

  static Value value(Object argument) {
    return switch (argument) {
      case String text -> new Name(text);
      case Number number -> new Integer64(number.longValue());
      case Bytes bytes -> new Data(bytes);
      default -> throw new IllegalArgumentException("no value of a program: " + argument);
    };
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

  private static String openFlags(int flags) {
    // Access mode 3 has no name of its own in fcntl.h.
    String mode = List.of("ro", "wo", "rw", "wo rw").get(flags & 3);
    return LineScanner.OPEN_FLAGS.entrySet().stream()
        .filter(flag -> flag.getValue() > 3 && (flags & flag.getValue()) == flag.getValue())
        .map(Map.Entry::getKey)
        .sorted()
        .reduce(mode, (before, word) -> before + " " + word);
  }

  /** The text that is read back as the value. */
  String text(Value value) {
    return switch (value) {
      case Name name -> kind == Kind.ROOT ? "" : name.text();
      case Data data -> data.bytes().toString();
      case Integer64 number ->
          switch (kind) {
            case MODE, OPEN_MODE -> Long.toOctalString(number.value());
            case OPEN_FLAGS -> openFlags((int) number.value());
            case ALIGNMENT -> number.value() == 0 ? "" : "align=" + number.value();
            case TIME ->
                number.value() == NOW
                    ? "now"
                    : number.value() == OMIT ? "omit" : String.valueOf(number.value());
            case CHOICE, WORDS, OPTIONS -> flags(number.value());
            default -> String.valueOf(number.value());
          };
    };
  }
}
