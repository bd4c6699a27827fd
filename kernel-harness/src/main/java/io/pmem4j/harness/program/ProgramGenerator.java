// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes programs at random, the same from the same seed. They are biased to where faults and
 * truncate meet: few files, few pages, sizes around the ends of pages, accesses around the end of
 * the file, and now and then a block behind an indirect one.
 */
public final class ProgramGenerator {
  private static final int PAGE = 4096;

  /** Pages that most operations stay within. */
  private static final int NEAR_PAGES = 6;

  /** Behind the direct blocks, the first indirect block, and the first of the double one. */
  private static final int[] FAR_PAGES = {12, 13, 1035, 1036, 1037, 2060};

  private static final int NEIGHBOURS = 8;
  private static final int MAX_MAPPINGS = 4;

  private final Random random;
  private final List<Step> steps = new ArrayList<>();
  private final List<String> open = new ArrayList<>();
  private final List<Operation.Mmap> mapped = new ArrayList<>();
  private int names;

  private ProgramGenerator(long seed) {
    random = new Random(seed);
  }

  /**
   * A program.
   *
   * @param operations how many operations it has at least
   */
  public static Program generate(long seed, int operations) {
    ProgramGenerator generator = new ProgramGenerator(seed);
    generator.open();
    while (generator.steps.size() < operations) {
      generator.step();
    }
    for (String file : generator.open) {
      generator.add(new Operation.Fstat(file));
      generator.add(new Operation.Fiemap(file));
    }
    return new Program(
        "generated-" + seed,
        "",
        "generated from seed " + seed,
        List.of(),
        Scope.EXT2,
        // Colours 0 to 6 lie inside a file system of 62 MiB; the seventh does not. Neighbours have
        // the same: the guest's process can then serve them all.
        1008 + (int) Math.floorMod(seed / NEIGHBOURS, 8L),
        ImageShape.DEFAULT,
        List.of(),
        generator.steps);
  }

  private void step() {
    switch (random.nextInt(24)) {
      case 0 -> open();
      case 1 -> close();
      case 2, 3 -> mmap();
      case 4 -> munmap();
      case 5, 6, 7, 8, 9 -> store();
      case 10, 11, 12 -> load();
      case 13, 14, 15 -> truncate();
      case 16, 17 -> write();
      case 18 -> read();
      case 19 -> msync();
      case 20 -> pagemap();
      case 21 -> whole();
      case 22 -> add(new Operation.Clock(1 + random.nextInt(5)));
      default -> stat();
    }
  }

  private void open() {
    if (open.size() >= 3) {
      return;
    }
    String file = "f" + names++;
    int flags = 2 | 0100 | (random.nextInt(6) == 0 ? 01000 : 0);
    add(new Operation.Open(file, "/" + (char) ('a' + random.nextInt(3)), flags, 0644));
    open.add(file);
  }

  private void close() {
    if (open.size() > 1) {
      add(new Operation.Close(open.remove(random.nextInt(open.size()))));
    }
  }

  private void mmap() {
    if (mapped.size() >= MAX_MAPPINGS) {
      return;
    }
    long first = random.nextInt(4) == 0 ? farPage() : random.nextInt(3);
    Operation.Mmap map =
        new Operation.Mmap(
            "m" + names++,
            file(),
            first * PAGE,
            (1L + random.nextInt(NEAR_PAGES)) * PAGE,
            random.nextInt(8) == 0 ? 1 : 3,
            random.nextInt(3) == 0 ? 2 : 1,
            0);
    add(map);
    mapped.add(map);
  }

  private void munmap() {
    if (mapped.size() > 1) {
      add(new Operation.Munmap(mapped.remove(random.nextInt(mapped.size())).mapping()));
    }
  }

  private void store() {
    Operation.Mmap map = mapping();
    if (map != null) {
      int length = 1 + random.nextInt(random.nextInt(6) == 0 ? 2 * PAGE : 8);
      long offset = offset(map, length);
      add(new Operation.Store(map.mapping(), offset, data((int) (map.length() - offset), length)));
    }
  }

  private void load() {
    Operation.Mmap map = mapping();
    if (map != null) {
      int length = 1 + random.nextInt(random.nextInt(4) == 0 ? PAGE + 10 : 8);
      long offset = offset(map, length);
      add(new Operation.Load(map.mapping(), offset, (int) Math.min(length, map.length() - offset)));
    }
  }

  private void truncate() {
    add(new Operation.Ftruncate(file(), size()));
  }

  private void write() {
    int length = 1 + random.nextInt(random.nextInt(3) == 0 ? 5 * PAGE : 20);
    add(new Operation.Pwrite(file(), size(), data(Integer.MAX_VALUE, length)));
  }

  private void read() {
    add(new Operation.Pread(file(), size(), random.nextInt(3 * PAGE)));
  }

  /**
   * Inside the mapping: what lies behind it is another mapping in one process, a gap in another.
   */
  private void msync() {
    Operation.Mmap map = mapping();
    if (map != null) {
      long pages = map.length() / PAGE;
      long first = random.nextInt((int) pages);
      long length = (1 + random.nextInt((int) (pages - first))) * (long) PAGE;
      add(new Operation.Msync(map.mapping(), first * PAGE, length, random.nextInt(5) == 0 ? 1 : 4));
    }
  }

  private void pagemap() {
    Operation.Mmap map = mapping();
    if (map != null) {
      add(
          new Operation.Pagemap(
              map.mapping(), random.nextInt((int) (map.length() / PAGE)) * (long) PAGE));
    }
  }

  private void whole() {
    add(random.nextInt(4) == 0 ? new Operation.Sync() : new Operation.Fsync(file()));
  }

  private void stat() {
    add(random.nextBoolean() ? new Operation.Fstat(file()) : new Operation.Fiemap(file()));
  }

  private String file() {
    return open.get(random.nextInt(open.size()));
  }

  private Operation.@org.jspecify.annotations.Nullable Mmap mapping() {
    return mapped.isEmpty() ? null : mapped.get(random.nextInt(mapped.size()));
  }

  private long farPage() {
    return FAR_PAGES[random.nextInt(FAR_PAGES.length)];
  }

  /** A size or a position: mostly near, mostly at or beside the end of a page. */
  private long size() {
    long page = random.nextInt(5) == 0 ? farPage() : random.nextInt(NEAR_PAGES);
    return switch (random.nextInt(4)) {
      case 0 -> page * PAGE;
      case 1 -> page * PAGE + 1;
      case 2 -> Math.max(0, page * PAGE - 1);
      default -> page * PAGE + random.nextInt(PAGE);
    };
  }

  private long offset(Operation.Mmap map, int length) {
    long page = random.nextInt((int) (map.length() / PAGE)) * (long) PAGE;
    // Some accesses start so late in the page that they reach into the next.
    int within = random.nextInt(4) == 0 ? PAGE - 1 - random.nextInt(Math.min(length, PAGE)) : 0;
    return page + (within == 0 ? random.nextInt(PAGE) : within);
  }

  private Bytes data(int most, int length) {
    return new Bytes(String.format("%02x", 1 + random.nextInt(255)), Math.min(most, length));
  }

  private void add(Operation operation) {
    steps.add(new Step(steps.size() + 1, ProgramText.of(operation), operation, List.of()));
  }
}
