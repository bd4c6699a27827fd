// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.program.Program;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The program's virtual seconds on a machine whose clock is not ours to set. Each real second in
 * which an operation ran stands for the virtual second of that operation; where the program moves
 * its clock forward, a real second has to go by first, so that none stands for two.
 */
final class HostClock {
  /**
   * Kernels stamp files with the time of the last tick, which lies up to 10 ms back with the
   * coarsest tick there is.
   */
  private static final long TICK_MILLIS = 20;

  private final LongSupplier millis;
  private final Map<Long, Long> virtualOfReal = new HashMap<>();
  private final long start;
  private long virtual = Program.CLOCK_BASE_SECONDS;
  private long last;

  /**
   * Starts at the base second.
   *
   * @param millis the real time since the epoch
   */
  HostClock(LongSupplier millis) {
    this.millis = millis;
    this.start = (millis.getAsLong() - TICK_MILLIS) / 1000;
    this.last = start;
  }

  /** An operation begins or has ended: its seconds stand for the virtual one. */
  void note() {
    long earliest = (millis.getAsLong() - TICK_MILLIS) / 1000;
    long latest = millis.getAsLong() / 1000;
    for (long real = earliest; real <= latest; real++) {
      virtualOfReal.putIfAbsent(real, virtual);
    }
    last = Math.max(last, latest);
  }

  /**
   * The program's clock goes forward.
   *
   * @return how long to let pass before the next operation, milliseconds, at most about a second
   */
  long forward(long seconds) {
    virtual += seconds;
    return Math.max(0, (last + 1) * 1000 + TICK_MILLIS + 1 - millis.getAsLong());
  }

  /** A time stamp of the kernel's, as programs write it. */
  String time(long real) {
    Long known = virtualOfReal.get(real);
    return known == null ? "real" + (real - start) : OutcomeText.time(known);
  }
}
