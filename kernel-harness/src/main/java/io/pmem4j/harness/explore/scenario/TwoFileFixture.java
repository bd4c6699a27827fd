// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run's state: the file {@code /a}, mapped by processes beyond its end; the file {@code /b},
 * empty, which takes blocks that {@code /a} gives up.
 */
public final class TwoFileFixture {
  public static final int PAGE = 4096;
  static final byte OF_A = 'a';
  static final byte OF_B = 'b';

  /** The byte that a child of fork(2) stores. */
  static final byte OF_CHILD = 'c';

  /** Pages of a file that need no block of pointers. */
  static final int DIRECT_PAGES = 12;

  /** The byte that free blocks hold. */
  static final byte STALE = 's';

  private static final byte[] MARKS = {'L', 'R', 'T'};
  private static final int FIRST_STORE = 10;

  /**
   * The distance of the stores of two processes: more than a cache line, so that a flush of one
   * makes no other durable.
   */
  private static final int BETWEEN_STORES = 74;

  private static final int REUSED_PAGES = 4;
  private static final int LONG_NAMES_IN_A_BLOCK = 15;
  private static final long FREE_PAGES = 8;
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final long NOW = 1_444_428_128L;

  /** One of the processes, with a mapping of {@code /a}. */
  static final class ScenarioProcess {
    private final FileLayout layout;
    final AddressSpace memory;
    final OpenFile file;
    final byte mark;
    final int at;
    @Nullable Vma mapping;
    @Nullable Vma copy;

    /** Pages that a store of this process has reached, without an error. */
    final List<Integer> stored = new ArrayList<>();

    ScenarioProcess(
        FileLayout layout, AddressSpace memory, OpenFile file, Vma mapping, byte mark, int at) {
      this.layout = layout;
      this.memory = memory;
      this.file = file;
      this.mapping = mapping;
      this.mark = mark;
      this.at = at;
    }

    Vma mapping() {
      Vma mapped = mapping;
      if (mapped == null) {
        throw new IllegalStateException("the process has unmapped the file");
      }
      return mapped;
    }

    /** Maps the file a second time, privately. */
    void addPrivateMapping() throws Ext2Exception {
      copy = map(memory, file, AddressSpace.MAP_PRIVATE, layout, 2, 1);
    }

    /** Maps the file a second time, shared, but too short for 2 MiB at once. */
    void addShortMapping() throws Ext2Exception {
      copy = map(memory, file, AddressSpace.MAP_SHARED, layout, 2, 1);
    }

    /** Stores its mark to its private copy of a page. */
    void storeToPrivateMapping(int page) {
      storeToSecondMapping(page);
    }

    /** Stores its mark to a page through the short mapping. */
    void storeToShortMapping(int page) {
      storeToSecondMapping(page);
      stored.add(page);
    }

    /** The private or the short mapping. */
    Vma secondMapping() {
      Vma mapped = copy;
      if (mapped == null) {
        throw new IllegalStateException("there is no second mapping");
      }
      return mapped;
    }

    /** The first byte of its private copy. */
    byte loadFromPrivateMapping() {
      return memory.load(secondMapping(), 0, 1)[0];
    }

    private void storeToSecondMapping(int page) {
      memory.store(secondMapping(), (long) page * PAGE + at, new byte[] {mark});
    }

    /** Stores its mark to a page, at its own place in it. */
    void store(int page) {
      memory.store(mapping(), (long) page * PAGE + at, new byte[] {mark});
      stored.add(page);
    }

    byte load(int page) {
      return memory.load(mapping(), (long) page * PAGE + at, 1)[0];
    }
  }

  final FileLayout layout;
  final Ext2FileSystem fs;
  private final List<ScenarioProcess> processes = new ArrayList<>();
  private final OpenFile b;
  private @Nullable OpenFile filler;
  private final List<ScenarioProcess> closed = new ArrayList<>();
  private boolean unlinked;
  private long smallestSize = Long.MAX_VALUE;
  private int ofB;

  /** The locks of tasks that have blocked on the frozen file system. */
  final FreezeObserver freeze;

  private final Scheduler scheduler;
  private final InstrumentedMemory memory;
  private final Promises promises;

  /** Makes the two files, once for all runs. */
  static void createFiles(ScratchImage image, FileLayout layout, ModelMount mount)
      throws Ext2Exception {
    Ext2FileSystem fs = mount.at(() -> NOW).of(image.reset(Scheduler.production(), null));
    byte[] page = new byte[PAGE];
    byte[] stale = new byte[PAGE];
    Arrays.fill(page, OF_A);
    Arrays.fill(stale, STALE);
    try (OpenFile pad = fs.open("/pad", O_RDWR | O_CREAT, 0644);
        OpenFile a = fs.open("/a", O_RDWR | O_CREAT, 0644);
        OpenFile b = fs.open("/b", O_RDWR | O_CREAT, 0644)) {
      a.pwrite(layout.position(0), page);
      for (long at = 0; blockOf(a) % layout.alignment() != 0; at += PAGE) {
        a.truncate(0);
        pad.pwrite(at, stale);
        a.pwrite(layout.position(0), page);
      }
      for (int i = 1; layout.position(i) < layout.fileBytes(); i++) {
        if (i != layout.hole()) {
          a.pwrite(layout.position(i), page);
        }
      }
      b.stat();
      fillDirectory(fs);
      leaveFewBlocks(pad);
    }
    fs.unmount();
    image.snapshot();
  }

  /** The next long name takes a block. */
  private static void fillDirectory(Ext2FileSystem fs) throws Ext2Exception {
    for (int i = 0; i < LONG_NAMES_IN_A_BLOCK; i++) {
      fs.open("/" + i + "n".repeat(245), O_RDWR | O_CREAT, 0644).close();
    }
  }

  /** Enough for a fault after {@code /b} has taken its blocks; the rest costs time. */
  private static void leaveFewBlocks(OpenFile pad) throws Ext2Exception {
    fill(pad);
    pad.truncate(pad.stat().size() - FREE_PAGES * PAGE);
  }

  private static void fill(OpenFile file) throws Ext2Exception {
    byte[] page = new byte[PAGE];
    Arrays.fill(page, STALE);
    try {
      for (long position = file.stat().size(); ; position += PAGE) {
        file.pwrite(position, page);
      }
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ENOSPC) {
        throw e;
      }
    }
  }

  private static long blockOf(OpenFile file) throws Ext2Exception {
    return file.fiemap().getFirst().physicalBytes() / PAGE;
  }

  /**
   * Begins a run.
   *
   * @param durability whether it is checked what fsync and its like promise; flushes and drains are
   *     points then
   */
  TwoFileFixture(
      ScratchImage image,
      FileLayout layout,
      Scheduler scheduler,
      ModelMount mount,
      int tasks,
      boolean durability)
      throws Ext2Exception {
    this.layout = layout;
    this.scheduler = scheduler;
    SharedState durable = durability ? new SharedState(scheduler, ImageState.DURABLE_LINES) : null;
    memory = image.reset(scheduler, durable);
    freeze = new FreezeObserver(scheduler);
    fs = mount.on(freeze).at(() -> NOW).observing(freeze::validator).of(memory);
    b = fs.open("/b", O_RDWR, 0);
    for (int i = 0; i < tasks; i++) {
      processes.add(process(MARKS[i], FIRST_STORE + i * BETWEEN_STORES));
    }
    promises = new Promises(this, image.lines(), durable);
  }

  /** The calls that promise durability. */
  Promises promises() {
    return promises;
  }

  /** The processes, in the order of their tasks. */
  List<ScenarioProcess> processes() {
    return processes;
  }

  /** The process of the first task. */
  ScenarioProcess firstProcess() {
    return processes.getFirst();
  }

  private ScenarioProcess process(byte mark, int at) throws Ext2Exception {
    AddressSpace memory = fs.newAddressSpace();
    OpenFile file = fs.open("/a", O_RDWR, 0);
    Vma mapping =
        map(
            memory,
            file,
            AddressSpace.MAP_SHARED,
            layout,
            layout.mappedPages(),
            layout.alignment());
    return new ScenarioProcess(layout, memory, file, mapping, mark, at);
  }

  private static Vma map(
      AddressSpace memory, OpenFile file, int type, FileLayout layout, long pages, int alignment)
      throws Ext2Exception {
    return memory.mmap(
        file.mappable(),
        layout.position(0),
        pages * PAGE,
        AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
        type,
        (long) alignment * PAGE);
  }

  /** Another task may run here. */
  void pause(String when) {
    scheduler.yieldPoint(Scheduler.Point.STEP, when);
  }

  /** Returns the number of stores that the file system's memory has seen. */
  long stores() {
    return memory.stores();
  }

  /** The page to fault in by allocating, or one that has a block where there is no hole. */
  int hole() {
    return layout.hole() < 0 ? 1 : layout.hole();
  }

  OpenFile b() {
    return b;
  }

  /** Takes every free block, so that an allocation fails. */
  void fillDisk() throws Ext2Exception {
    OpenFile full = fs.open("/full", O_RDWR | O_CREAT, 0644);
    filler = full;
    fill(full);
  }

  /** Frees one block of those that {@link #fillDisk} took. */
  void freeOneBlock() throws Ext2Exception {
    OpenFile full = filler;
    if (full == null) {
      throw new IllegalStateException("the file system is not full");
    }
    full.truncate(full.stat().size() - PAGE);
  }

  /** {@code /b} gets the blocks that {@code /a} gave up, if there are any: the first free ones. */
  void allocateFreedBlocksToB() throws Ext2Exception {
    byte[] pages = new byte[REUSED_PAGES * PAGE];
    Arrays.fill(pages, OF_B);
    ofB = Math.toIntExact(b.pwrite(0, pages));
  }

  /** write(2) of a page of {@code /b}, which needs a block. */
  void writeB() throws Ext2Exception {
    byte[] page = new byte[PAGE];
    Arrays.fill(page, OF_B);
    b.pwrite(ofB, page);
    ofB += PAGE;
  }

  /** Returns the number of bytes written to {@code /b}. */
  int bytesWrittenToB() {
    return ofB;
  }

  /** ftruncate(2) that takes bytes away. */
  void truncate(ScenarioProcess process, long size) throws Ext2Exception {
    process.file.truncate(size);
    recordTruncation(size);
  }

  void recordTruncation(long size) {
    smallestSize = Math.min(smallestSize, size);
  }

  /** Returns the smallest size that the file had; its first content beyond that is gone. */
  long smallestSize() {
    return smallestSize;
  }

  void unlink() throws Ext2Exception {
    fs.unlink("/a");
    unlinked = true;
  }

  void close(ScenarioProcess process) throws Ext2Exception {
    process.file.close();
    closed.add(process);
  }

  boolean isUnlinked() {
    return unlinked;
  }

  void unmap(ScenarioProcess process) throws Ext2Exception {
    Vma mapping = process.mapping();
    process.mapping = null;
    process.memory.munmap(mapping);
  }

  /** Unmaps and closes everything, and unmounts the file system. */
  void unmountAll() throws Ext2Exception {
    for (ScenarioProcess process : processes) {
      if (process.mapping != null) {
        unmap(process);
      }
      if (process.copy != null) {
        process.memory.munmap(process.copy);
      }
    }
    for (ScenarioProcess process : processes) {
      if (!closed.contains(process)) {
        process.file.close();
      }
    }
    b.close();
    if (filler != null) {
      filler.close();
    }
    promises().unmount();
  }
}
