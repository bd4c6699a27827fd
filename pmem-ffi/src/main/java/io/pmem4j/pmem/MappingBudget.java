// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * The budget of mappings for regions and windows. The kernel limits the mappings of a process
 * ({@code vm.max_map_count}), and a JVM that gets none for itself ends. So this library leaves a
 * part of them to the rest of the process. Thread-safe. Source: mm/mmap.c, sysctl vm/max_map_count.
 */
final class MappingBudget {
  private static final long SHARE_OF_OTHERS = 16;
  private static final long FEWEST_OF_OTHERS = 1024;

  /** A change in the middle of a mapping splits it into three. */
  private static final long MOST_BY_A_CHANGE = 2;

  private static final MappingBudget PROCESS = new MappingBudget(limit(), MappingBudget::mappings);

  private final long most;
  private final LongSupplier count;

  /** An upper bound of the mappings, not counting those of other code since the last count. */
  private long atMost = Long.MAX_VALUE;

  /**
   * Makes a budget below a limit.
   *
   * @param limit of the kernel; {@link Long#MAX_VALUE} if there is none
   * @param count returns the number of mappings
   */
  MappingBudget(long limit, LongSupplier count) {
    this.most =
        limit == Long.MAX_VALUE
            ? limit
            : Math.max(0, limit - Math.max(limit / SHARE_OF_OTHERS, FEWEST_OF_OTHERS));
    this.count = count;
  }

  static MappingBudget process() {
    return PROCESS;
  }

  private static long limit() {
    // One read: sysctl files return nothing to a second one, and readString begins with a byte.
    try (InputStream in = Files.newInputStream(Path.of("/proc/sys/vm/max_map_count"))) {
      String text = new String(in.readNBytes(32), StandardCharsets.US_ASCII);
      return Long.parseLong(text.strip());
    } catch (IOException | NumberFormatException unknown) {
      return Long.MAX_VALUE;
    }
  }

  private static long mappings() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.count();
    } catch (IOException | UncheckedIOException unknown) {
      return 0;
    }
  }

  /**
   * Reserves the mappings of one change, before it is made.
   *
   * @throws IOException if the budget is exhausted
   */
  synchronized void reserve() throws IOException {
    if (most == Long.MAX_VALUE) {
      return;
    }
    if (atMost > most - MOST_BY_A_CHANGE) {
      // Most changes make fewer mappings than reserved. The count is slow but rare: the next one
      // comes when the rest of the budget is reserved.
      atMost = count.getAsLong();
      if (atMost > most - MOST_BY_A_CHANGE) {
        throw new IOException(
            atMost
                + " mappings in this process, expected no more than "
                + most
                + ", which leaves the JVM its share of vm.max_map_count; close regions or raise that"
                + " sysctl");
      }
    }
    atMost += MOST_BY_A_CHANGE;
  }
}
