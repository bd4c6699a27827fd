// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.program.Bytes;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
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
    if (!(operation instanceof Operation.Call call)) {
      return;
    }
    String name = call.arguments().isEmpty() ? "" : call.text(0);
    switch (call.syscall()) {
      case OPEN -> {
        files.put(name, new Opened(child, name, call.text(1)));
        if (truncates(call, 1)) {
          smallestSize = 0;
        }
      }
      case MMAP ->
          mappings.put(
              name,
              new Mapping(
                  child, name, call.number(2), call.number(3), (call.number(5) & MAP_SHARED) != 0));
      case MUNMAP -> mappings.remove(name);
      case FTRUNCATE -> {
        if (isOf(name, A)) {
          smallestSize = Math.min(smallestSize, call.number(1));
        }
      }
      case PWRITE -> {
        if (isOf(name, A)) {
          stored(call.number(1), call.data(2));
        } else if (isOf(name, B)) {
          bytesOfB = (int) Math.max(bytesOfB, call.number(1) + outcome.result());
        }
      }
      case PREAD -> {
        if (isOf(name, A)) {
          refuse(outcome, STALE, Damage.STALE_READ);
        }
      }
      case LOAD -> {
        Mapping mapping = mappings.get(name);
        if (mapping != null && !mapping.shared) {
          refuse(outcome, OF_CHILD, Damage.SHARED_AFTER_FORK);
        }
      }
      case UNLINK -> unlinked |= unlinks(call);
      case VM_READ -> refuse(outcome, OF_B, Damage.FOREIGN_READ);
      case STORE, VM_WRITE -> stored(name, call.number(1), call.data(2));
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
    return operation.withoutChild() instanceof Operation.Call call
        && switch (call.syscall()) {
          case FTRUNCATE -> call.number(1) < size;
          case OPEN -> call.text(1).equals(A) && (call.number(2) & O_TRUNC) != 0;
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
