// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.util.Optional;

/**
 * The platform's search for unreadable ranges (address range scrub).
 *
 * @param completed scrubs since boot
 * @param running true while one is under way: ranges that it has not reached are not known yet
 */
public record ScrubState(long completed, boolean running) {
  /** Returns the state by the attribute {@code nfit/scrub}, such as {@code 1+}. */
  static Optional<ScrubState> parse(String text) {
    boolean running = text.endsWith("+");
    try {
      String count = running ? text.substring(0, text.length() - 1) : text;
      return Optional.of(new ScrubState(Long.parseLong(count), running));
    } catch (NumberFormatException unknown) {
      return Optional.empty();
    }
  }
}
