// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.PersistentMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Programs of 36 operations on five small structures, in six styles. In each style a program has
 * one fault of a published class in every tenth operation, or none.
 */
final class SeededPrograms {
  static final int OPERATIONS = 36;

  /** A published class of bugs; the clean program of the class stores in the same style. */
  enum Fault {
    /** The payload is never flushed. */
    MISSING_FLUSH,
    /** The payload is flushed, and no drain waits for it before the commit. */
    MISSING_FENCE,
    /** The commit is made first. */
    COMMIT_BEFORE_PAYLOAD,
    /** Two words that belong together are the commit. */
    TORN_PAIR,
    /** A copy around the caches is not drained before the commit. */
    UNORDERED_NT_COPY,
    /** A line that is durable is flushed once more. */
    REDUNDANT_FLUSH
  }

  /** An operation; its position in the program decides what it stores. */
  record Operation(boolean faulty) {}

  /** A structure: its places, and its recovery with the check. */
  enum Structure {
    /** Entries, and their number. */
    LOG {
      @Override
      long payloadAt(int n) {
        return 1024 + 64L * n;
      }

      @Override
      long commitAt(int n) {
        return 0;
      }
    },
    /** Slots of a key each, with a flag in a line of its own. */
    SLOTS {
      @Override
      long payloadAt(int n) {
        return 1024 + 128L * n;
      }

      @Override
      long commitAt(int n) {
        return 1024 + 128L * n + 64;
      }

      @Override
      long committed(PersistentMemory memory) {
        long count = 0;
        for (int n = 0; n < OPERATIONS; n++) {
          count += memory.getLong(commitAt(n)) != 0 ? 1 : 0;
        }
        return count;
      }
    },
    /** One value in two places, and the number of its last change. */
    CELL {
      @Override
      long payloadAt(int n) {
        return 1024 + 64L * (n % 2);
      }

      @Override
      long commitAt(int n) {
        return 512;
      }

      @Override
      long first(long committed) {
        return Math.max(0, committed - 1);
      }
    },
    /** Entries that share lines, four in each. */
    DENSE_LOG {
      @Override
      long payloadAt(int n) {
        return 2048 + 16L * n;
      }

      @Override
      long commitAt(int n) {
        return 64;
      }
    },
    /** Entries far from each other, in pages of their own. */
    PAGES {
      @Override
      long payloadAt(int n) {
        return 4096L * (n + 1);
      }

      @Override
      long commitAt(int n) {
        return 128;
      }
    };

    abstract long payloadAt(int n);

    abstract long commitAt(int n);

    /** Returns the number of operations whose commit is there. */
    long committed(PersistentMemory memory) {
      return memory.getLong(commitAt(0));
    }

    /** Returns the first operation whose payload still has to be there. */
    long first(long committed) {
      return 0;
    }

    void check(PersistentMemory memory, Acknowledgements acknowledged, Fault style) {
      long committed = committed(memory);
      if (committed < acknowledged.get("n")) {
        throw new IllegalStateException("acknowledged, and not there");
      }
      for (int n = (int) first(committed); n < committed; n++) {
        for (int word = 0; word < 2; word++) {
          if (memory.getLong(payloadAt(n) + 8 * word) != value(n, word)) {
            throw new IllegalStateException("payload lost");
          }
        }
      }
      if (style == Fault.TORN_PAIR && memory.getLong(pairAt()) != memory.getLong(pairAt() + 8)) {
        throw new IllegalStateException("pair torn");
      }
    }

    long pairAt() {
      return 768;
    }
  }

  private SeededPrograms() {}

  static long value(int n, int word) {
    return 1000L * (word + 1) + n;
  }

  static List<Operation> operations(boolean faulty) {
    return IntStream.range(0, OPERATIONS)
        .mapToObj(n -> new Operation(faulty && n % 10 == 6))
        .toList();
  }

  /** Runs a program on fresh memory; returns its trace. */
  static StoreTrace run(Structure structure, Fault style, List<Operation> program) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096L * (OPERATIONS + 2)));
    for (int n = 0; n < program.size(); n++) {
      memory.begin("operation " + n);
      operate(memory, structure, style, n, program.get(n).faulty());
      memory.acknowledge("n", n + 1);
    }
    return memory.trace();
  }

  private static void operate(
      PersistentMemory memory, Structure structure, Fault style, int n, boolean faulty) {
    long at = structure.payloadAt(n);
    long commit = structure.commitAt(n);
    switch (style) {
      case MISSING_FLUSH -> {
        store(memory, at, n);
        if (!faulty) {
          memory.persist(at, 16);
        }
        memory.publishLong(commit, n + 1);
      }
      case MISSING_FENCE -> {
        store(memory, at, n);
        memory.flush(at, 16);
        if (!faulty) {
          memory.drain();
        }
        memory.publishLong(commit, n + 1);
      }
      case COMMIT_BEFORE_PAYLOAD -> {
        if (faulty) {
          memory.publishLong(commit, n + 1);
        }
        store(memory, at, n);
        memory.persist(at, 16);
        if (!faulty) {
          memory.publishLong(commit, n + 1);
        }
      }
      case TORN_PAIR -> {
        store(memory, at, n);
        memory.persist(at, 16);
        if (faulty) {
          memory.putLong(structure.pairAt(), n + 1);
          memory.putLong(structure.pairAt() + 8, n + 1);
          memory.persist(structure.pairAt(), 16);
        }
        memory.publishLong(commit, n + 1);
      }
      case UNORDERED_NT_COPY -> {
        byte[] bytes =
            ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value(n, 0))
                .putLong(value(n, 1))
                .array();
        memory.write(at, bytes, 0, 16, Caching.NON_TEMPORAL);
        if (!faulty) {
          memory.drain();
        }
        memory.publishLong(commit, n + 1);
      }
      case REDUNDANT_FLUSH -> {
        store(memory, at, n);
        memory.persist(at, 16);
        if (faulty) {
          memory.persist(at, 16);
        }
        memory.publishLong(commit, n + 1);
      }
    }
  }

  private static void store(PersistentMemory memory, long at, int n) {
    memory.putLong(at, value(n, 0));
    memory.putLong(at + 8, value(n, 1));
  }
}
