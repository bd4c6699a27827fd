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
 * How many mappings windows may still make. The kernel allows a process so many ({@code
 * vm.max_map_count}); a JVM that gets none when it needs one for itself ends. So windows leave a
 * part of them to everybody else. Thread-safe. Source: mm/mmap.c, sysctl vm/max_map_count.
 */
final class MappingRoom {
  private static final long SHARE_OF_OTHERS = 16;
  private static final long FEWEST_OF_OTHERS = 1024;

  /** A change in the middle of a mapping leaves two of it, and one in between. */
  private static final long MOST_BY_A_CHANGE = 2;

  private static final MappingRoom OF_THIS_PROCESS =
      new MappingRoom(limit(), MappingRoom::mappings);

  private final long most;
  private final LongSupplier count;

  /** There are no more than these, but for what others make. */
  private long atMost = Long.MAX_VALUE;

  /**
   * Room below a limit.
   *
   * @param limit of the kernel; {@link Long#MAX_VALUE} if there is none
   * @param count how many mappings there are
   */
  MappingRoom(long limit, LongSupplier count) {
    this.most =
        limit == Long.MAX_VALUE
            ? limit
            : Math.max(0, limit - Math.max(limit / SHARE_OF_OTHERS, FEWEST_OF_OTHERS));
    this.count = count;
  }

  static MappingRoom ofThisProcess() {
    return OF_THIS_PROCESS;
  }

  private static long limit() {
    // One read: sysctl files answer nothing to the second one, and readString begins with a byte.
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
   * Called before a change of a window.
   *
   * @throws IOException if it could take what others need
   */
  synchronized void take() throws IOException {
    if (most == Long.MAX_VALUE) {
      return;
    }
    if (atMost > most - MOST_BY_A_CHANGE) {
      // Most changes make less than they could. Counting takes some 10 ms; not often, because the
      // next one is as many changes away as there is room, or the end.
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
