// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that lies in a few large pieces, as memory, and how much of that memory the processor maps
 * 2 MiB at once, by the kernel's own count. Arguments: the image, an empty ext2 of 64 MiB in a file
 * system with huge pages.
 */
final class HugeMapping {
  private static final int P = 4096;
  private static final int PAGES = 4096;
  private static final int O_RDWR_CREAT = 0102;

  private HugeMapping() {}

  public static void main(String[] arguments) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              Pmem.map(Path.of(arguments[0]), MapSpec.existing().backend(Backend.JDK), arena),
              MountOptions.parse("dax,oldalloc,noatime,noreservation"));
      try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
        byte[] page = new byte[P];
        for (int i = 0; i < PAGES; i++) {
          page[0] = (byte) i;
          file.pwrite((long) i * P, page);
        }
        for (MapMode mode :
            new MapMode[] {MapMode.READ_WRITE, MapMode.READ_ONLY, MapMode.PRIVATE}) {
          measure(file, mode, 0);
          measure(file, mode, 3);
        }
      }
      fs.unmount();
    }
    System.out.println("unmounted");
  }

  /** From some page of the file on, which is no multiple of 2 MiB. */
  private static void measure(OpenFile file, MapMode mode, int first) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      long bytes = (long) (PAGES - first) * P;
      MemorySegment shown = file.map(mode, (long) first * P, bytes, arena).segment();
      for (int i = 0; i < PAGES - first; i++) {
        if (shown.get(ValueLayout.JAVA_BYTE, (long) i * P) != (byte) (i + first)) {
          throw new IllegalStateException(mode + ": page " + i);
        }
      }
      System.out.printf(
          "%s from page %d: %d of %d KiB in huge pages%n",
          mode, first, hugeKib(shown.address(), bytes), bytes / 1024);
    }
  }

  /** Of the mappings that lie in a range: proc(5), smaps. */
  private static long hugeKib(long start, long bytes) throws IOException {
    long kib = 0;
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        long from = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
        inside = from >= start && from < start + bytes;
      } else if (inside && line.matches("(ShmemPmdMapped|FilePmdMapped|AnonHugePages):.*")) {
        kib += Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return kib;
  }
}
