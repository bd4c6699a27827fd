// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run's state: the file {@code /a} of three pages, the middle one a hole, mapped by two
 * processes beyond its end; the file {@code /b}, empty, which takes blocks that {@code /a} gives
 * up.
 */
final class World {
  static final int PAGE = 4096;
  static final int PAGES = 3;
  static final int MAPPED_PAGES = 5;
  static final byte OF_A = 'a';
  static final byte OF_B = 'b';

  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final long NOW = 1_444_428_128L;

  /** One of the two processes, with a mapping of {@code /a}. */
  static final class User {
    final AddressSpace memory;
    final OpenFile file;
    final byte mark;
    final int at;
    @Nullable Vma mapping;

    /** Pages that a store of this process has reached, without an error. */
    final List<Integer> stored = new ArrayList<>();

    User(AddressSpace memory, OpenFile file, Vma mapping, byte mark, int at) {
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

    /** Stores its mark to a page, at its own place in it. */
    void store(int page) {
      memory.store(mapping(), (long) page * PAGE + at, new byte[] {mark});
      stored.add(page);
    }

    byte load(int page) {
      return memory.load(mapping(), (long) page * PAGE + at, 1)[0];
    }
  }

  final Ext2FileSystem fs;
  final User left;
  final User right;
  private final OpenFile b;
  private @Nullable OpenFile filler;
  private @Nullable User closed;
  private boolean unlinked;
  private boolean bWritten;

  /** Makes the two files, once for all runs. */
  static void found(Medium medium, MountOptions options) throws Ext2Exception {
    Ext2FileSystem fs = Ext2FileSystem.mount(medium.restored(), options.withClock(() -> NOW));
    byte[] page = new byte[PAGE];
    Arrays.fill(page, OF_A);
    try (OpenFile first = fs.open("/a", O_RDWR | O_CREAT, 0644);
        OpenFile second = fs.open("/b", O_RDWR | O_CREAT, 0644)) {
      first.pwrite(0, page);
      first.pwrite(2L * PAGE, page);
      second.stat();
    }
    fs.unmount();
    medium.keep();
  }

  World(Medium medium, Scheduler scheduler, MountOptions options) throws Ext2Exception {
    fs =
        Ext2FileSystem.mount(
            medium.restored(), options.withScheduler(scheduler).withClock(() -> NOW));
    b = fs.open("/b", O_RDWR, 0);
    left = user((byte) 'L', 10);
    right = user((byte) 'R', 20);
  }

  private User user(byte mark, int at) throws Ext2Exception {
    AddressSpace memory = fs.newAddressSpace();
    OpenFile file = fs.open("/a", O_RDWR, 0);
    Vma mapping =
        memory.mmap(
            file.mappable(),
            0,
            (long) MAPPED_PAGES * PAGE,
            AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
            AddressSpace.MAP_SHARED);
    return new User(memory, file, mapping, mark, at);
  }

  OpenFile b() {
    return b;
  }

  /** Takes every free block, so that an allocation fails. */
  void fillUp() throws Ext2Exception {
    OpenFile full = fs.open("/full", O_RDWR | O_CREAT, 0644);
    filler = full;
    byte[] page = new byte[PAGE];
    try {
      for (long position = 0; ; position += PAGE) {
        full.pwrite(position, page);
      }
    } catch (Ext2Exception e) {
      // That was the last one.
    }
  }

  /** {@code /b} gets a block, the one given up last if there is one. */
  void reuse() throws Ext2Exception {
    byte[] page = new byte[PAGE];
    Arrays.fill(page, OF_B);
    bWritten = b.pwrite(0, page) == PAGE;
  }

  boolean bWritten() {
    return bWritten;
  }

  void unlink() throws Ext2Exception {
    fs.unlink("/a");
    unlinked = true;
  }

  @SuppressWarnings("ReferenceEquality")
  void close(User user) throws Ext2Exception {
    user.file.close();
    closed = user;
  }

  boolean gone() {
    return unlinked;
  }

  void unmap(User process) throws Ext2Exception {
    Vma mapping = process.mapping();
    process.mapping = null;
    process.memory.munmap(mapping);
  }

  /** Lets go of everything and unmounts. */
  @SuppressWarnings("ReferenceEquality") // one of two
  void leave() throws Ext2Exception {
    for (User process : List.of(left, right)) {
      if (process.mapping != null) {
        unmap(process);
      }
    }
    for (User user : List.of(left, right)) {
      if (user != closed) {
        user.file.close();
      }
    }
    b.close();
    if (filler != null) {
      filler.close();
    }
    fs.unmount();
  }
}
