// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The agent's description of its guest.
 *
 * @param kernel the release, as {@code uname -r} prints it
 * @param device the block device of the NVDIMM; empty when {@code daxError} is not null
 * @param namespace the device that drives it, such as {@code pfn0.0}; empty if none
 * @param resource the guest-physical byte address of the device's first byte of data; 0 if none
 * @param sizeBytes the size of the device; 0 if none
 * @param agent name and version of the agent
 * @param daxError why there is no device that can do DAX; null when there is one
 */
public record Handshake(
    String kernel,
    String device,
    String namespace,
    long resource,
    long sizeBytes,
    String agent,
    @Nullable String daxError) {

  /** Reads the {@code key=value} lines; unknown keys are the future's. */
  static Handshake parse(String text) {
    Map<String, String> values = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        values.put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    return new Handshake(
        values.getOrDefault("kernel", ""),
        values.getOrDefault("device", ""),
        values.getOrDefault("namespace", ""),
        number(values.get("resource")),
        number(values.get("size")),
        values.getOrDefault("agent", ""),
        values.get("dax_error"));
  }

  private static long number(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return 0;
    }
    // An address above 2^63 is possible, if not likely.
    return text.startsWith("0x")
        ? Long.parseUnsignedLong(text.substring(2), 16)
        : Long.parseLong(text);
  }
}
