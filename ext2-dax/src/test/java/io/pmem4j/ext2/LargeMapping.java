// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A file of 1 GiB in 32,768 pieces as memory, and one with more pieces than a process may have
 * mappings; in a JVM of its own, which comes to that limit. Prints what it sees. Argument: the
 * image, an empty ext2 of 1.6 GiB.
 */
final class LargeMapping {
  private static final int P = 4096;
  private static final int RUN = 8;
  private static final int PAGES = (1 << 30) / P;
  private static final int O_RDWR_CREAT = 0102;
  private static final ValueLayout.OfLong NUMBER = ValueLayout.JAVA_LONG;
  private static final long LIMIT = limit();

  private LargeMapping() {}

  private static long limit() {
    // In one read: sysctl files answer nothing to the second.
    try (InputStream in = Files.newInputStream(Path.of("/proc/sys/vm/max_map_count"))) {
      return Long.parseLong(new String(in.readNBytes(32), StandardCharsets.US_ASCII).strip());
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  private static long mappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.count();
    }
  }

  public static void main(String[] arguments) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              Pmem.map(Path.of(arguments[0]), MapSpec.existing(), arena),
              MountOptions.parse("dax,oldalloc,noatime,noreservation"));
      OpenFile large = fs.open("/large", O_RDWR_CREAT, 0644);
      OpenFile single = fs.open("/single", O_RDWR_CREAT, 0644);
      OpenFile other = fs.open("/other", O_RDWR_CREAT, 0644);
      fill(large, single, other);
      require(large.fiemap().size() >= PAGES / RUN, "pieces of the large file");
      for (MapMode mode : new MapMode[] {MapMode.READ_WRITE, MapMode.PRIVATE, MapMode.READ_ONLY}) {
        whole(large, mode);
      }
      tooMany(single);
      withoutRoom(large, single, other);
      large.close();
      single.close();
      other.close();
      fs.unmount();
    }
    System.out.println("unmounted");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(what);
    }
  }

  /** Eight pages of the large file, then two of each other one in turns: no neighbours there. */
  private static void fill(OpenFile large, OpenFile single, OpenFile other) throws IOException {
    ByteBuffer run = ByteBuffer.allocate(RUN * P).order(ByteOrder.LITTLE_ENDIAN);
    byte[] page = new byte[P];
    for (int i = 0; i < PAGES / RUN; i++) {
      for (int j = 0; j < RUN; j++) {
        run.putLong(j * P, (long) i * RUN + j);
      }
      large.pwrite((long) i * RUN * P, run.array());
      for (int j = 0; j < 2; j++) {
        single.pwrite((2L * i + j) * P, page);
        other.pwrite((2L * i + j) * P, page);
      }
    }
  }

  private static void whole(OpenFile large, MapMode mode) throws IOException {
    long before = mappings();
    try (Arena arena = Arena.ofShared()) {
      long begin = System.nanoTime();
      FileMapping mapping = large.map(mode, 0, (long) PAGES * P, arena);
      double seconds = (System.nanoTime() - begin) / 1e9;
      MemorySegment segment = mapping.segment();
      for (int page = 0; page < PAGES; page++) {
        require(segment.get(NUMBER, (long) page * P) == page, mode + " page " + page);
      }
      System.out.printf("%s: %d mappings, %.1f s%n", mode, mappings() - before, seconds);
      if (!mode.equals(MapMode.READ_ONLY)) {
        store(large, mode, mapping);
      }
    }
    require(mappings() - before < 100, "mappings are left");
  }

  private static void store(OpenFile large, MapMode mode, FileMapping mapping) throws IOException {
    boolean shared = mode.equals(MapMode.READ_WRITE);
    MemorySegment segment = mapping.segment();
    byte[] found = new byte[Long.BYTES];
    for (int page = 3; page < PAGES; page += 4999) {
      long at = (long) page * P + 64;
      segment.set(NUMBER, at, page + 1L);
      if (shared) {
        mapping.persist(at, Long.BYTES);
      }
      large.pread(at, found);
      long there = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN).getLong();
      // What an earlier shared mapping has stored is under the private one.
      require(there == page + 1L, mode + " store to page " + page);
      if (!shared) {
        segment.set(NUMBER, at, 0);
        large.pread(at, found);
        there = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN).getLong();
        require(there == page + 1L, "a private store is seen by others: page " + page);
      }
    }
  }

  /** More pieces than the kernel has mappings for a process: refused, and nothing is left of it. */
  private static void tooMany(OpenFile single) throws IOException {
    int pages = 2 * PAGES / RUN;
    long before = mappings();
    try (Arena arena = Arena.ofShared()) {
      single.map(MapMode.READ_ONLY, 0, (long) pages * P, arena);
      require(LIMIT > pages, "mapped over the limit");
      System.out.println("too many: no limit here");
    } catch (Ext2Exception refused) {
      require(LIMIT <= pages + before, "refused under the limit: " + refused);
      require(refused.errno() == Errno.ENOMEM, "not ENOMEM: " + refused);
      System.out.println("too many: ENOMEM");
    }
    require(mappings() - before < 100, "mappings are left of what was refused");
  }

  /**
   * Truncation into a piece needs one mapping more, and windows may have none: freed blocks are out
   * of sight all the same.
   */
  private static void withoutRoom(OpenFile large, OpenFile single, OpenFile other)
      throws IOException {
    List<Arena> arenas = new ArrayList<>();
    int kept = PAGES - 5 * RUN + 3;
    try (Arena arena = Arena.ofShared()) {
      FileMapping mapping = large.map(MapMode.READ_ONLY, 0, (long) PAGES * P, arena);
      takeMappings(single, arenas);
      long mappings = mappings();
      large.truncate((long) kept * P);
      other.pwrite(0, new byte[64 * P]);
      byte[] theirs = new byte[5 * RUN * P];
      java.util.Arrays.fill(theirs, (byte) 0x22);
      other.pwrite((long) PAGES / 4 * P, theirs);
      for (int page = 0; page < PAGES; page++) {
        look(mapping, page, page < kept);
      }
      System.out.println("without room: nothing foreign, " + (LIMIT - mappings) + " mappings left");
    } finally {
      arenas.forEach(Arena::close);
    }
  }

  @SuppressWarnings("MustBeClosed") // closed by the caller, when it has looked
  private static void takeMappings(OpenFile single, List<Arena> arenas) throws IOException {
    int step = 4096;
    long page = 0;
    while (step > 0 && LIMIT < 1 << 20 && page + step <= 2L * PAGES / RUN) {
      Arena arena = Arena.ofShared();
      try {
        single.map(MapMode.READ_ONLY, page * P, (long) step * P, arena);
        arenas.add(arena);
        page += step;
      } catch (Ext2Exception refused) {
        arena.close();
        step /= 2;
      }
    }
  }

  /** The page as it is, or an error. */
  private static void look(FileMapping mapping, int page, boolean stays) throws IOException {
    byte[] found = new byte[Long.BYTES];
    try {
      mapping.read((long) page * P, found);
    } catch (Ext2Exception gone) {
      require(gone.errno() == Errno.EIO, "not EIO: " + gone);
      return;
    }
    long number = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN).getLong();
    require(stays && number == page, "page " + page + " shows " + number);
  }
}
