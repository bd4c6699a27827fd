// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import java.util.Locale;

/**
 * A claim and what was measured. It holds if the whole interval is inside the limit.
 *
 * @param unit {@code ns}, or empty for a ratio
 * @param atMost whether the limit is an upper one
 */
record Bar(String name, Interval measured, String unit, double limit, boolean atMost) {
  boolean holds() {
    return atMost ? measured.high() <= limit : measured.low() >= limit;
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%-58s %8.3f%s  [%.3f, %.3f]  %s %s%s  %s",
        name,
        measured.value(),
        unit.isEmpty() ? "" : " " + unit,
        measured.low(),
        measured.high(),
        atMost ? "at most" : "at least",
        limit,
        unit.isEmpty() ? "" : " " + unit,
        holds() ? "holds" : "DOES NOT HOLD");
  }

  String json() {
    return String.format(
        Locale.ROOT,
        "{\"name\":\"%s\",\"value\":%.4f,\"interval\":[%.4f,%.4f],\"limit\":%s,\"holds\":%b}",
        name,
        measured.value(),
        measured.low(),
        measured.high(),
        limit,
        holds());
  }
}
