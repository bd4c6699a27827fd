// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Everything an operation answered, brought into a form that two backends can be compared in:
 * addresses are relative to their mapping, times to the program's start, frames are block numbers
 * of the file system.
 *
 * @param values what was answered, in order: {@code result}, {@code errno}, {@code signal}, {@code
 *     data}, {@code page}, {@code size}, ...
 * @param events the DAX trace events of this operation, in order
 */
public record Outcome(Map<String, String> values, List<String> events) {
  /** Copies, keeping the order. */
  public Outcome {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    events = List.copyOf(events);
  }

  /** An outcome that consists of a result alone. */
  public static Outcome of(long result) {
    return new Builder().value("result", result).build();
  }

  /**
   * Returns whether an expectation holds. {@code key=value} compares one value. {@code event:NAME}
   * and {@code event:NAME*COUNT} give the number of events of that name, 1 by default. {@code
   * no-events} means that there are none.
   */
  public boolean satisfies(String token) {
    if (token.equals("no-events")) {
      return events.isEmpty();
    }
    if (token.startsWith("event:")) {
      int star = token.indexOf('*');
      String name = token.substring("event:".length(), star < 0 ? token.length() : star);
      long wanted = star < 0 ? 1 : Long.parseLong(token.substring(star + 1));
      return events.stream().filter(e -> e.startsWith(name + " ")).count() == wanted;
    }
    int equals = token.indexOf('=');
    return token.substring(equals + 1).equals(values.get(token.substring(0, equals)));
  }

  /** Returns true if a load or a store raised a signal. */
  public boolean isSignal() {
    return values.containsKey("signal");
  }

  /** Returns the name of the error; empty if there is none. */
  public String errno() {
    return values.getOrDefault("errno", "");
  }

  /** Returns the result as a number; -1 if it is none. */
  public long result() {
    String text = values.getOrDefault("result", "");
    return text.isEmpty() || !Character.isDigit(text.charAt(0)) ? -1 : Long.parseLong(text);
  }

  /** Returns whether the data has a byte, in either of its forms. */
  public boolean showsByte(byte wanted) {
    String hex = HexFormat.of().toHexDigits(wanted);
    String data = values.getOrDefault("data", "");
    return data.contains("*")
        ? Arrays.stream(data.split("\\.", -1)).anyMatch(run -> run.startsWith(hex))
        : IntStream.range(0, data.length() / 2).anyMatch(i -> data.startsWith(hex, 2 * i));
  }

  /** Returns this outcome without the values of these keys. */
  public Outcome without(Set<String> keys) {
    Map<String, String> left = new LinkedHashMap<>(values);
    left.keySet().removeAll(keys);
    return new Outcome(left, events);
  }

  /** The tokens of {@code expected} that do not hold. */
  public List<String> unsatisfied(List<String> expected) {
    return expected.stream().filter(token -> !satisfies(token)).toList();
  }

  /** Returns whether an expectation is about events. */
  public static boolean isAboutEvents(String token) {
    return token.equals("no-events") || token.startsWith("event:");
  }

  static void requireTokens(List<String> tokens) {
    for (String token : tokens) {
      if (!token.matches("no-events|event:[a-z_]+(\\*\\d+)?|[a-z0-9]+=\\S*")) {
        throw new IllegalArgumentException("not an expectation: '" + token + "'");
      }
    }
  }

  /** One line: the values, then the events in brackets. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    values.forEach((key, value) -> parts.add(key + "=" + value));
    if (!events.isEmpty()) {
      parts.add("[" + String.join("; ", events) + "]");
    }
    return String.join(" ", parts);
  }

  /** Returns a builder without a value. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects an outcome. */
  public static final class Builder {
    private final Map<String, String> values = new LinkedHashMap<>();
    private List<String> events = List.of();

    private Builder() {}

    /** Adds or replaces a value. */
    public Builder value(String key, Object value) {
      values.put(key, String.valueOf(value));
      return this;
    }

    /** Sets the events. */
    public Builder events(List<String> all) {
      events = all;
      return this;
    }

    /** Returns the finished outcome. */
    public Outcome build() {
      return new Outcome(values, events);
    }
  }
}
