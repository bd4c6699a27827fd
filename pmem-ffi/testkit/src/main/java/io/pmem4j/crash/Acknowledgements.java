// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The promises that a program had made when it crashed: the last value of each name that {@link
 * RecordedMemory#acknowledge} was called with. Immutable, but for a note that it was read.
 */
public final class Acknowledgements {
  private final Map<String, Long> values;
  private final int version;
  private final Runnable onRead;

  Acknowledgements(Map<String, Long> values, int version, Runnable onRead) {
    this.values = values;
    this.version = version;
    this.onRead = onRead;
  }

  static Acknowledgements none() {
    return new Acknowledgements(Map.of(), 0, () -> {});
  }

  /** Returns the acknowledgements with one more, the next version. */
  Acknowledgements with(String name, long value) {
    Map<String, Long> more = new TreeMap<>(values);
    more.put(name, value);
    return new Acknowledgements(more, version + 1, onRead);
  }

  /** Returns the same, with a callback for reads of values. */
  Acknowledgements observed(Runnable reader) {
    return new Acknowledgements(values, version, reader);
  }

  /** Returns the name under which the existence of a file is kept. */
  static String file(String path) {
    return "file " + path;
  }

  /** Returns the number of acknowledgements and files so far. */
  int count() {
    onRead.run();
    return version;
  }

  int version() {
    return version;
  }

  /** Returns the last acknowledged value of this name, or 0 if nothing was acknowledged. */
  public long get(String name) {
    onRead.run();
    return Objects.requireNonNullElse(values.get(name), 0L);
  }

  @Override
  public String toString() {
    onRead.run();
    return values.toString();
  }
}
