// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of an entry of /proc/PID/pagemap on the running kernel
 * (Documentation/admin-guide/mm/pagemap.rst). Only root sees frames. Without them a page of a DAX
 * file and the zero page look the same, and both are {@code mapped}.
 */
final class HostPages {
  private static final long PRESENT = 1L << 63;
  private static final long SWAPPED = 1L << 62;
  private static final long FILE_OR_SHARED = 1L << 61;
  private static final long FRAME_MASK = (1L << 55) - 1;
  private static final long ZERO_PAGE = 1L << 24;

  private static final Pattern PERSISTENT =
      Pattern.compile("\\s*([0-9a-f]+)-([0-9a-f]+) : Persistent Memory.*");

  /** First and last frame. */
  private record Range(long first, long last) {}

  private final List<Range> persistent;

  private HostPages(List<Range> persistent) {
    this.persistent = persistent;
  }

  static HostPages ofThisMachine() throws IOException {
    return of(Files.readAllLines(Path.of("/proc/iomem"), StandardCharsets.UTF_8));
  }

  /** {@code 140000000-23fffffff : Persistent Memory}, anywhere in the tree of resources. */
  static HostPages of(List<String> iomem) {
    List<Range> ranges = new ArrayList<>();
    for (String line : iomem) {
      Matcher found = PERSISTENT.matcher(line);
      if (found.matches()) {
        ranges.add(
            new Range(
                Long.parseLong(found.group(1), 16) >> 12,
                Long.parseLong(found.group(2), 16) >> 12));
      }
    }
    return new HostPages(ranges);
  }

  String page(long entry) {
    if ((entry & PRESENT) == 0) {
      return (entry & SWAPPED) != 0 ? "swapped" : "none";
    }
    if ((entry & FILE_OR_SHARED) != 0) {
      return "cached";
    }
    long frame = entry & FRAME_MASK;
    if (frame == 0) {
      return "mapped";
    }
    if (persistent.stream().anyMatch(range -> frame >= range.first && frame <= range.last)) {
      return "block";
    }
    return withoutFile(frame);
  }

  /** Tells the page of zeros from an anonymous one, as far as the kernel does. */
  private static String withoutFile(long frame) {
    try (RandomAccessFile flags = new RandomAccessFile("/proc/kpageflags", "r")) {
      flags.seek(frame * Long.BYTES);
      return (Long.reverseBytes(flags.readLong()) & ZERO_PAGE) != 0 ? "zero" : "anon";
    } catch (IOException e) {
      return "mapped";
    }
  }
}
