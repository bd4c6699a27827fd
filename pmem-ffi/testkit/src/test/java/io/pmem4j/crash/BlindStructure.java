// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A small persistent structure of the blind programs. A marked operation has the planted fault; all
 * others are right.
 */
abstract class BlindStructure {
  /** A class of bugs that has been published. */
  enum Bug {
    MISSING_FLUSH,
    MISSING_FENCE,
    COMMIT_BEFORE_PAYLOAD,
    TORN_PAIR,
    UNORDERED_NT_COPY,
    REDUNDANT_FLUSH,
    UNPERSISTED_BY_ANOTHER_THREAD
  }

  /**
   * An operation of a program.
   *
   * @param kind of the structure
   * @param marked true if it has the fault of the program
   */
  record Operation(int kind, int one, int other, boolean marked) {
    @Override
    public String toString() {
      return (marked ? "marked " : "") + kind + "(" + one + ", " + other + ")";
    }
  }

  final RecordedMemory memory;

  BlindStructure(RecordedMemory memory) {
    this.memory = memory;
  }

  /** Runs one operation, with a bug or without. */
  abstract void run(Operation operation, Bug bug);

  /** Stores words and makes them durable, or not quite; publishes a word that depends on them. */
  final void commit(long at, long[] words, long commitAt, long value, Bug bug) {
    long bytes = 8L * words.length;
    switch (bug) {
      case COMMIT_BEFORE_PAYLOAD -> {
        memory.publishLong(commitAt, value);
        put(at, words);
        memory.persist(at, bytes);
        return;
      }
      case MISSING_FLUSH -> put(at, words);
      case MISSING_FENCE -> {
        put(at, words);
        memory.flush(at, bytes);
      }
      case UNORDERED_NT_COPY -> putAroundTheCache(at, words);
      case UNPERSISTED_BY_ANOTHER_THREAD -> byAnotherThread(() -> put(at, words));
      case REDUNDANT_FLUSH -> {
        put(at, words);
        memory.persist(at, bytes);
        memory.persist(at, bytes);
      }
      case TORN_PAIR -> throw new IllegalArgumentException("no pair here");
    }
    memory.publishLong(commitAt, value);
  }

  /** The same without a fault. */
  final void commit(long at, long[] words, long commitAt, long value) {
    if (words[0] % 3 == 0) {
      putAroundTheCache(at, words);
      memory.drain();
    } else if (words[0] % 3 == 1) {
      byAnotherThread(() -> {
        put(at, words);
        memory.persist(at, 8L * words.length);
      });
    } else {
      put(at, words);
      memory.flush(at, 8L * words.length);
      memory.drain();
    }
    memory.publishLong(commitAt, value);
  }

  final void put(long at, long[] words) {
    for (int i = 0; i < words.length; i++) {
      memory.putLong(at + 8L * i, words[i]);
    }
  }

  private void putAroundTheCache(long at, long[] words) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocateFrom(ValueLayout.JAVA_LONG, words);
      memory.write(at, source, 0, source.byteSize(), Caching.NON_TEMPORAL);
    }
  }

  private static void byAnotherThread(Runnable work) {
    Thread other = Thread.ofPlatform().start(work);
    try {
      other.join();
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }

  static void require(boolean right, String words) {
    if (!right) {
      throw new IllegalStateException(words);
    }
  }

  /** Entries that are appended; a count says how many there are. */
  static final class Journal extends BlindStructure {
    Journal(RecordedMemory memory) {
      super(memory);
    }

    @Override
    void run(Operation operation, Bug bug) {
      long count = memory.getLong(0);
      long[] entry = {operation.one(), count, operation.one() ^ count};
      if (operation.marked() && bug != null) {
        commit(64 + 64 * count, entry, 0, count + 1, bug);
      } else {
        commit(64 + 64 * count, entry, 0, count + 1);
      }
      memory.acknowledge("entries", count + 1);
    }

    static void check(PersistentMemory memory, Acknowledgements acknowledged) {
      long count = memory.getLong(0);
      require(count >= acknowledged.get("entries") && count < 60, "count " + count);
      for (long n = 0; n < count; n++) {
        long at = 64 + 64 * n;
        long sum = memory.getLong(at) ^ memory.getLong(at + 8);
        require(memory.getLong(at + 8) == n && memory.getLong(at + 16) == sum, "entry " + n);
      }
    }
  }

  /** A ring of 16 entries with a head and a tail on lines of their own. */
  static final class Ring extends BlindStructure {
    private static final int SLOTS = 16;

    Ring(RecordedMemory memory) {
      super(memory);
    }

    @Override
    void run(Operation operation, Bug bug) {
      long head = memory.getLong(0);
      long tail = memory.getLong(64);
      if (operation.kind() == 1) {
        if (head < tail) {
          memory.publishLong(0, head + 1);
        }
      } else if (tail - head < SLOTS) {
        long at = 128 + 64 * (tail % SLOTS);
        long[] entry = {tail + 1, ~tail};
        if (operation.marked() && bug != null) {
          commit(at, entry, 64, tail + 1, bug);
        } else {
          commit(at, entry, 64, tail + 1);
        }
        memory.acknowledge("tail", tail + 1);
      }
    }

    static void check(PersistentMemory memory, Acknowledgements acknowledged) {
      long head = memory.getLong(0);
      long tail = memory.getLong(64);
      require(tail >= acknowledged.get("tail"), "tail " + tail);
      require(head >= 0 && head <= tail && tail - head <= SLOTS, head + " to " + tail);
      for (long n = head; n < tail; n++) {
        long at = 128 + 64 * (n % SLOTS);
        require(memory.getLong(at) == n + 1 && memory.getLong(at + 8) == ~n, "entry " + n);
      }
    }
  }

  /** A table of keys; a key that is not zero says that its value, on the next line, is there. */
  static final class Table extends BlindStructure {
    private static final int BUCKETS = 24;

    Table(RecordedMemory memory) {
      super(memory);
    }

    @Override
    void run(Operation operation, Bug bug) {
      int bucket = operation.one() % BUCKETS;
      long at = 128L * bucket;
      long[] value = {operation.other(), 31L * operation.other() + bucket};
      boolean faulty = operation.marked() && bug != null;
      if (faulty && bug == Bug.TORN_PAIR) {
        if (memory.getLong(at) == 0) {
          commit(at + 64, value, at, bucket + 1L);
        }
        put(at + 64, new long[] {value[0] + 5, 31L * (value[0] + 5) + bucket});
        memory.persist(at + 64, 16);
        return;
      }
      if (memory.getLong(at) != 0) {
        memory.publishLong(at, 0);
      }
      if (faulty) {
        commit(at + 64, value, at, bucket + 1L, bug);
      } else {
        commit(at + 64, value, at, bucket + 1L);
      }
    }

    static void check(PersistentMemory memory, Acknowledgements acknowledged) {
      for (int bucket = 0; bucket < BUCKETS; bucket++) {
        long at = 128L * bucket;
        long key = memory.getLong(at);
        require(key == 0 || key == bucket + 1, "key " + key);
        if (key != 0) {
          long value = memory.getLong(at + 64);
          require(memory.getLong(at + 72) == 31 * value + bucket, "value of " + bucket);
        }
      }
    }
  }

  /** A stack of nodes that point to the one below. */
  static final class Stack extends BlindStructure {
    private long next = 64;

    Stack(RecordedMemory memory) {
      super(memory);
    }

    @Override
    void run(Operation operation, Bug bug) {
      long top = memory.getLong(0);
      if (operation.kind() == 1) {
        if (top != 0) {
          memory.publishLong(0, memory.getLong(top + 8));
        }
        return;
      }
      long[] node = {operation.one() + 1L, top, operation.one() + 1L + top};
      long at = next;
      next += 64;
      if (operation.marked() && bug != null) {
        commit(at, node, 0, at, bug);
      } else {
        commit(at, node, 0, at);
      }
    }

    static void check(PersistentMemory memory, Acknowledgements acknowledged) {
      int nodes = 0;
      for (long at = memory.getLong(0); at != 0; at = memory.getLong(at + 8)) {
        require(++nodes < 64 && at % 64 == 0 && at < 4096, "node at " + at);
        long sum = memory.getLong(at) + memory.getLong(at + 8);
        require(memory.getLong(at) != 0 && memory.getLong(at + 16) == sum, "node " + nodes);
      }
    }
  }

  /** Two copies of settings and a word that selects one. */
  static final class Settings extends BlindStructure {
    Settings(RecordedMemory memory) {
      super(memory);
    }

    private static long[] words(long version, Operation operation) {
      return new long[] {
        version, operation.one(), operation.other(), version + operation.one() + operation.other()
      };
    }

    @Override
    void run(Operation operation, Bug bug) {
      long selected = memory.getLong(0);
      long version = memory.getLong(64 + 128 * selected) + 1;
      boolean faulty = operation.marked() && bug != null;
      if (faulty && bug == Bug.TORN_PAIR) {
        put(64 + 128 * selected, words(version, operation)); // in place
        memory.persist(64 + 128 * selected, 32);
      } else if (faulty) {
        commit(64 + 128 * (1 - selected), words(version, operation), 0, 1 - selected, bug);
      } else {
        commit(64 + 128 * (1 - selected), words(version, operation), 0, 1 - selected);
      }
      memory.acknowledge("version", version);
    }

    static void check(PersistentMemory memory, Acknowledgements acknowledged) {
      long selected = memory.getLong(0);
      require(selected == 0 || selected == 1, "selected " + selected);
      long at = 64 + 128 * selected;
      long version = memory.getLong(at);
      require(version >= acknowledged.get("version"), "version " + version);
      long sum = version + memory.getLong(at + 8) + memory.getLong(at + 16);
      require(memory.getLong(at + 24) == sum, "sum of version " + version);
    }
  }

  /** Accounts with an undo log: the sum of all is zero. */
  static final class Accounts extends BlindStructure {
    private static final int ACCOUNTS = 8;

    Accounts(RecordedMemory memory) {
      super(memory);
    }

    private static long at(int account) {
      return 256 + 64L * (account % ACCOUNTS);
    }

    @Override
    void run(Operation operation, Bug bug) {
      long from = at(operation.one());
      long to = at(operation.one() + 3);
      long amount = operation.other() + 1L;
      Bug planted = operation.marked() ? bug : null;
      long[] log = {from, memory.getLong(from), to, memory.getLong(to)};
      if (planted == Bug.COMMIT_BEFORE_PAYLOAD) {
        commit(64, log, 0, 1, planted);
      } else if (planted != Bug.TORN_PAIR) {
        commit(64, log, 0, 1);
      }
      memory.putLong(from, memory.getLong(from) - amount);
      memory.persist(from, 8);
      memory.putLong(to, memory.getLong(to) + amount);
      if (planted == Bug.MISSING_FENCE) {
        memory.flush(to, 8);
      } else if (planted != Bug.MISSING_FLUSH) {
        memory.persist(to, 8);
      }
      if (planted != Bug.TORN_PAIR) {
        memory.publishLong(0, 0);
      }
    }

    static void check(PersistentMemory memory, Acknowledgements acknowledged) {
      if (memory.getLong(0) == 1) {
        for (long entry = 64; entry <= 80; entry += 16) {
          long account = memory.getLong(entry);
          require(account >= 256 && account < 256 + 64 * ACCOUNTS, "log of " + account);
          memory.putLong(account, memory.getLong(entry + 8));
          memory.persist(account, 8);
        }
        memory.publishLong(0, 0);
      }
      long sum = 0;
      for (int account = 0; account < ACCOUNTS; account++) {
        sum += memory.getLong(at(account));
      }
      require(sum == 0, "sum " + sum);
    }
  }
}
