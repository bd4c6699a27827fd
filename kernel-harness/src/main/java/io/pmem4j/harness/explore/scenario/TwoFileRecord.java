// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.program.Bytes;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Parameter;
import io.pmem4j.harness.program.Syscall;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The record of what the steps of one run have done to the files {@code /a} and {@code /b}. */
final class TwoFileRecord {
  static final byte OF_A = 'a';
  static final byte OF_B = 'b';

  /** The byte that a child of fork(2) stores. */
  private static final byte OF_CHILD = 'c';

  /** The byte that free blocks hold. */
  private static final byte STALE = 's';

  private static final int O_TRUNC = 01000;
  private static final int MAP_SHARED = 1;
  private static final String A = "/a";
  private static final String B = "/b";

  /** A file that a process has opened; the child is empty for the program itself. */
  record Opened(String child, String name, String path) {}

  /** A mapping of /a that a process has. */
  record Mapping(String child, String name, long offset, long bytes, boolean shared) {}

  /** A store of one byte to /a that has not failed. */
  record Stored(long position, byte value) {}

  private final Map<String, Opened> files = new LinkedHashMap<>();
  private final Map<String, Mapping> mappings = new LinkedHashMap<>();
  private final List<Stored> stores = new ArrayList<>();
  private boolean unlinked;
  private int bytesOfB;
  private long smallestSize = Long.MAX_VALUE;

  /**
   * Records an operation.
   *
   * @throws DamageError if its answer shows bytes that it must not show
   */
  void add(Operation operation, Outcome outcome) {
    add("", operation, outcome);
  }

  private void add(String child, Operation operation, Outcome outcome) {
    if (operation instanceof Operation.In in) {
      add(in.child(), in.operation(), outcome);
      return;
    }
    if (outcome.isSignal() || !outcome.errno().isEmpty()) {
      return;
    }
    switch (operation) {
      case Operation.Open open -> {
        files.put(open.file(), new Opened(child, open.file(), open.path()));
        if (truncates(open, 1)) {
          smallestSize = 0;
        }
      }
      case Operation.Mmap map ->
          mappings.put(
              map.mapping(),
              new Mapping(
                  child,
                  map.mapping(),
                  map.offset(),
                  map.length(),
                  (map.flags() & MAP_SHARED) != 0));
      case Operation.Munmap unmap -> mappings.remove(unmap.mapping());
      case Operation.Ftruncate truncate -> {
        if (isOf(truncate.file(), A)) {
          smallestSize = Math.min(smallestSize, truncate.size());
        }
      }
      case Operation.Pwrite write -> {
        if (isOf(write.file(), A)) {
          stored(write.offset(), write.data());
        } else if (isOf(write.file(), B)) {
          bytesOfB = (int) Math.max(bytesOfB, write.offset() + outcome.result());
        }
      }
      case Operation.Pread read -> {
        if (isOf(read.file(), A)) {
          refuse(outcome, STALE, Damage.STALE_READ);
        }
      }
      case Operation.Store store -> stored(store.mapping(), store.offset(), store.data());
      case Operation.Load load -> {
        Mapping mapping = mappings.get(load.mapping());
        if (mapping != null && !mapping.shared) {
          refuse(outcome, OF_CHILD, Damage.SHARED_AFTER_FORK);
        }
      }
      case Operation.Call call -> add(call, outcome);
      default -> {}
    }
  }

  private void add(Operation.Call call, Outcome outcome) {
    switch (call.syscall()) {
      case UNLINK -> unlinked |= unlinks(call);
      case VM_READ -> refuse(outcome, OF_B, Damage.FOREIGN_READ);
      case VM_WRITE ->
          stored(call.text(0), call.number(1), ((Parameter.Data) call.arguments().get(2)).bytes());
      default -> {}
    }
  }

  private static void refuse(Outcome outcome, byte shown, Damage damage) {
    if (outcome.showsByte(shown)) {
      throw new DamageError(damage);
    }
  }

  private boolean isOf(String file, String path) {
    Opened opened = files.get(file);
    return opened != null && opened.path.equals(path);
  }

  private void stored(String name, long offset, Bytes data) {
    Mapping mapping = mappings.get(name);
    if (mapping != null && mapping.shared) {
      stored(mapping.offset + offset, data);
    }
  }

  private void stored(long position, Bytes data) {
    if (data.length() == 1) {
      stores.add(new Stored(position, data.toArray()[0]));
    }
  }

  /** Returns whether an operation makes /a shorter than it was. */
  static boolean truncates(Operation operation, long size) {
    return switch (operation.withoutChild()) {
      case Operation.Ftruncate truncate -> truncate.size() < size;
      case Operation.Open open -> open.path().equals(A) && (open.flags() & O_TRUNC) != 0;
      default -> false;
    };
  }

  /** Returns whether an operation removes the name /a. */
  static boolean unlinks(Operation operation) {
    return operation.withoutChild() instanceof Operation.Call call
        && call.syscall() == Syscall.UNLINK
        && call.text(0).equals(A);
  }

  /** Returns the files that were opened, in order. */
  Collection<Opened> files() {
    return files.values();
  }

  /** Returns the mappings that are there. */
  Collection<Mapping> mappings() {
    return mappings.values();
  }

  List<Stored> stores() {
    return stores;
  }

  boolean isUnlinked() {
    return unlinked;
  }

  /** Returns the number of bytes written to /b. */
  int bytesOfB() {
    return bytesOfB;
  }

  /** Returns the smallest size that /a was given; its first content beyond that is gone. */
  long smallestSize() {
    return smallestSize;
  }
}
