// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.generator.GeneratedProcess.MappedName;
import io.pmem4j.harness.program.generator.GeneratedProcess.OpenName;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Generated operations on mappings. A process without a mapping does nothing instead. */
final class MappingSteps {
  private static final int PAGE = GeneratedValues.PAGE;
  private static final int MOST_MAPPINGS = 4;
  private static final int MAP_SYNC = 0x80000;
  private static final long LARGE_ALIGNMENT = 2 << 20;

  private final GeneratedValues values;
  private final GeneratedSteps steps;

  /** Set if the likely names are the names that there are. */
  private final boolean knowsNames;

  MappingSteps(GeneratedValues values, GeneratedSteps steps, boolean knowsNames) {
    this.values = values;
    this.steps = steps;
    this.knowsNames = knowsNames;
  }

  void mmap() {
    if (steps.actor().mapped().size() >= MOST_MAPPINGS) {
      return;
    }
    OpenName file = values.of(steps.actor().open());
    long first = values.oneIn(4) ? values.farPage() : values.below(3);
    long length = (1L + values.below(GeneratedValues.NEAR_PAGES)) * PAGE;
    long offset = first * PAGE;
    boolean refused = values.oneIn(12);
    if (refused) {
      switch (values.below(4)) {
        case 0 -> length = 0;
        case 1 -> length = values.of(Long.MAX_VALUE, 1L << 62, 1L << 47, -1L);
        case 2 -> offset += 1 + values.below(PAGE - 1);
        default -> offset = values.limit();
      }
    }
    int flags = (int) values.of(1, 1, 1, 2, 2, 3, 3 | MAP_SYNC, 1 | MAP_SYNC);
    String name = steps.newName("m");
    steps.call(
        Syscall.MMAP,
        name,
        file.name(),
        offset,
        length,
        values.oneIn(4) ? values.below(4) : 3,
        flags,
        values.oneIn(16) && !refused ? LARGE_ALIGNMENT : 0);
    if (refused) {
      steps.call(Syscall.MUNMAP, name);
    } else {
      steps.actor().mapped().add(new MappedName(name, file.inode(), offset, length));
    }
  }

  void munmap() {
    List<MappedName> mapped = steps.actor().mapped();
    if (mapped.size() > 1) {
      MappedName gone = values.of(mapped);
      steps.call(Syscall.MUNMAP, gone.name());
      steps.unmapped(gone);
    }
  }

  /** The effect of one of the operations on a mapping. */
  private interface OnMapping {
    void with(MappedName mapping);
  }

  private void onMapping(OnMapping action) {
    List<MappedName> mapped = steps.actor().mapped();
    if (!mapped.isEmpty()) {
      action.with(values.of(mapped));
    }
  }

  void store() {
    onMapping(map -> {
      int length = 1 + values.below(values.oneIn(6) ? 2 * PAGE : 8);
      long offset = offset(map, length);
      int most = (int) Math.min(length, map.bytes() - offset);
      steps.call(Syscall.STORE, map.name(), offset, values.data(most));
    });
  }

  void load() {
    onMapping(map -> {
      int length = 1 + values.below(values.oneIn(4) ? PAGE + 10 : 8);
      long offset = offset(map, length);
      int most = (int) Math.min(length, map.bytes() - offset);
      steps.call(Syscall.LOAD, map.name(), offset, most);
    });
  }

  /**
   * Generates msync(2) inside the mapping: past its end lies another mapping in one process and a
   * gap in another. Unaligned starts and flags that exclude each other are refused before that
   * matters.
   */
  void msync() {
    onMapping(map -> {
      long first = values.below(map.pages());
      long length = (1 + values.below((int) (map.pages() - first))) * (long) PAGE;
      long offset = values.oneIn(15) ? first * PAGE + 1 : first * PAGE;
      int flags = (int) values.of(4, 4, 4, 1, 2, 4 | 2, 1 | 2, 1 | 4);
      steps.call(Syscall.MSYNC, map.name(), offset, length, flags);
    });
  }

  void pagemap() {
    onMapping(map -> steps.call(Syscall.PAGEMAP, map.name(), page(map)));
  }

  void mincore() {
    onMapping(map -> range(Syscall.MINCORE, map));
  }

  void protect() {
    onMapping(map -> range(Syscall.MPROTECT, map, values.of(0, 1, 2, 3, 3, 3)));
  }

  void advise() {
    onMapping(
        map -> range(Syscall.MADVISE, map, values.of(0, 1, 2, 3, 4, 4, 4, 4, 8, 9, 9, 14, 15)));
  }

  private void range(Syscall verb, MappedName map, Object... last) {
    long first = values.below(map.pages()) * (long) PAGE;
    long offset = values.oneIn(15) ? first + 1 : first;
    long length =
        values.oneIn(8)
            ? values.below((int) (map.bytes() - offset + 1))
            : Math.min(map.bytes() - offset, (1L + values.below(3)) * PAGE);
    steps.call(
        verb, Stream.concat(Stream.of(map.name(), offset, length), Arrays.stream(last)).toArray());
  }

  /**
   * Generates growth and moves by mremap(2). Growth in place depends on the address space, which is
   * the same on both sides.
   */
  void remap() {
    onMapping(map -> {
      boolean odd = values.oneIn(8);
      long length =
          odd
              ? values.of(0, 1L << 47, 1L << 62, Long.MAX_VALUE, -1, PAGE + 1)
              : (1L + values.below(8)) * PAGE;
      long flags = values.of(1, 1, 1 | 2, 1 | 2, 2, 0);
      if (flags == 0 && length > map.bytes()) {
        flags = 1;
      }
      steps.call(Syscall.MREMAP, map.name(), length, flags);
      if (length > 0 && length < map.bytes()) {
        List<MappedName> mine = steps.actor().mapped();
        long whole = (length + PAGE - 1) / PAGE * PAGE;
        mine.replaceAll(each ->
            each.equals(map) ? new MappedName(map.name(), map.inode(), map.start(), whole) : each);
      }
    });
  }

  /** pread(2) and pwrite(2) with memory that may be read-only, without access, or past EOF. */
  void copy() {
    onMapping(map -> {
      OpenName file = values.of(steps.actor().open());
      long offset = offset(map, 1 + values.below(PAGE));
      long length =
          values.oneIn(10) ? 0 : 1 + values.below((int) Math.min(map.bytes() - offset, 3L * PAGE));
      long at = values.size();
      if (mayOverlap(file, at, map, offset, length)) {
        return;
      }
      boolean writes = values.oneIn(2);
      if (writes) {
        steps.growsTo(at);
      }
      steps.call(
          writes ? Syscall.PWRITE_MAPPED : Syscall.PREAD_MAPPED,
          file.name(),
          at,
          map.name(),
          offset,
          length);
    });
  }

  /** Returns whether a copy may be from a page to itself: files may be the same by many names. */
  private boolean mayOverlap(OpenName file, long at, MappedName map, long offset, long length) {
    if (knowsNames && file.inode() != null && map.inode() != null && file.inode() != map.inode()) {
      return false;
    }
    long first = (map.start() + offset) / PAGE - 1;
    long last = (map.start() + offset + length) / PAGE + 1;
    return file.appends() || (at / PAGE <= last && (at + length) / PAGE >= first);
  }

  private long page(MappedName map) {
    return values.below(map.pages()) * (long) PAGE;
  }

  private long offset(MappedName map, int length) {
    // Some accesses start so late in the page that they reach into the next.
    int late = values.oneIn(4) ? PAGE - 1 - values.below(Math.min(length, PAGE)) : 0;
    return page(map) + (late == 0 ? values.below(PAGE) : late);
  }
}
