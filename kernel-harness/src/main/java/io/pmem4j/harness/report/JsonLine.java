// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The object that {@code --json} prints as the last line: the keys of every verb, and more. */
public final class JsonLine {
  private final Map<String, Object> keys = new LinkedHashMap<>();

  /**
   * With the keys that every verb has.
   *
   * @param verdict PASS, FAIL (a finding) or ERROR (usage, environment, nothing shown)
   * @param seconds wall time, printed in tenths
   * @param counts by name
   */
  public JsonLine(String verb, String verdict, double seconds, Map<String, ?> counts) {
    keys.put("verb", verb);
    keys.put("verdict", verdict);
    keys.put("seconds", Math.round(seconds * 10) / 10.0);
    keys.put("counts", counts);
  }

  /** Adds a key of the verb's own; null leaves it out. */
  public JsonLine with(String key, @Nullable Object value) {
    if (value != null) {
      keys.put(key, value);
    }
    return this;
  }

  /** On one line. */
  @Override
  public String toString() {
    try {
      return new ObjectMapper().writeValueAsString(keys);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
