// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.trace;

import io.pmem4j.harness.kernel.CheckoutScript;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A QEMU that loads plugins with values and registers, and the plugin.
 *
 * @param qemu the executable
 * @param plugin the shared library
 */
public record Tracer(Path qemu, Path plugin) {
  /** Long enough to fetch QEMU's packages and to compile the plugin. */
  private static final Duration BOUND = Duration.ofMinutes(12);

  /**
   * Returns the tracer of this machine; it is fetched and built if it is not in the cache.
   *
   * @throws GuestException HARNESS_FAULT if it cannot be had, with the next step in words
   */
  public static Tracer prepare() throws GuestException {
    List<String> lines = CheckoutScript.run(BOUND, GuestFiles.tracerBuild());
    if (lines.size() != 2) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT,
          "qemu/tracer/build printed " + lines.size() + " lines, expected QEMU and the plugin");
    }
    return new Tracer(Path.of(lines.getFirst()), Path.of(lines.getLast()));
  }
}
