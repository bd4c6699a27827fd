// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;

/**
 * One operation of a program. Files and mappings have names of the program's own; sizes, offsets
 * and lengths are bytes; flags are those of Linux on x86-64.
 */
public sealed interface Operation {
  /** Whom an operation concerns besides the files it names, from few to all. */
  enum Effect {
    /** Nobody: any thread of any process may do it. */
    NONE,
    /** The process that does it: it forks, or takes another identity. */
    OWN_PROCESS,
    /** Everyone who uses the file system. */
    MACHINE,
    /** The whole machine, or the inside of its kernel: it has to be one of the laboratory's. */
    LABORATORY
  }

  /** Whom it concerns besides the files it names. */
  default Effect effect() {
    return Effect.NONE;
  }

  /** open(2) of a path below the root of the file system. */
  record Open(String file, String path, int flags, int mode) implements Operation {}

  /** close(2). */
  record Close(String file) implements Operation {}

  /** pwrite(2). */
  record Pwrite(String file, long offset, Bytes data) implements Operation {}

  /** pread(2). */
  record Pread(String file, long offset, int length) implements Operation {}

  /** ftruncate(2). */
  record Ftruncate(String file, long size) implements Operation {}

  /** fsync(2). */
  record Fsync(String file) implements Operation {}

  /** fstat(2), and the generation. */
  record Fstat(String file) implements Operation {}

  /** FIEMAP of the whole file. */
  record Fiemap(String file) implements Operation {}

  /**
   * mmap(2).
   *
   * @param align what the address is a multiple of: a power of two, or 0 for wherever it may be
   */
  record Mmap(
      String mapping, String file, long offset, long length, int prot, int flags, long align)
      implements Operation {}

  /** munmap(2) of a whole mapping. */
  record Munmap(String mapping) implements Operation {}

  /** Loads bytes through a mapping. */
  record Load(String mapping, long offset, int length) implements Operation {}

  /** Stores bytes through a mapping. */
  record Store(String mapping, long offset, Bytes data) implements Operation {}

  /** msync(2). */
  record Msync(String mapping, long offset, long length, int flags) implements Operation {}

  /** What the page table holds at an offset of a mapping. */
  record Pagemap(String mapping, long offset) implements Operation {}

  /**
   * A system call of {@link Verb}'s table.
   *
   * @param arguments one for each of the verb's parameters
   */
  record Call(Verb verb, List<Parameter.Value> arguments) implements Operation {
    /** Copies the list. */
    public Call {
      arguments = List.copyOf(arguments);
      if (arguments.size() != verb.parameters().size()) {
        throw new IllegalArgumentException(verb + " takes " + verb.parameters().size());
      }
    }

    /** Returns the argument at an index, which is a number. */
    public long number(int index) {
      return ((Parameter.Integer64) arguments.get(index)).value();
    }

    /** Returns how many bytes the call carries. */
    public long dataBytes() {
      return arguments.stream()
          .mapToLong(value -> value instanceof Parameter.Data data ? data.bytes().length() : 0)
          .sum();
    }

    @Override
    public Effect effect() {
      return verb.effect();
    }
  }

  /** Forks a child: its files and mappings are those of this moment. */
  record Fork(String child) implements Operation {
    @Override
    public Effect effect() {
      return Effect.OWN_PROCESS;
    }
  }

  /** An operation that a child does, while the program waits. */
  record In(String child, Operation operation) implements Operation {
    @Override
    public Effect effect() {
      Effect inner = operation.effect();
      return inner.compareTo(Effect.OWN_PROCESS) > 0 ? inner : Effect.OWN_PROCESS;
    }
  }

  /** Ends a child. */
  record Exit(String child) implements Operation {
    @Override
    public Effect effect() {
      return Effect.OWN_PROCESS;
    }
  }

  /** Mounts again with other options. */
  record Remount(String options) implements Operation {
    @Override
    public Effect effect() {
      return Effect.MACHINE;
    }
  }

  /** The options of the mount as the kernel shows them. */
  record Mounted() implements Operation {}

  /** Whether lockdep has seen a lock of one class taken under one of another. */
  record Lockdep(String outer, String inner) implements Operation {}

  /**
   * The power fails: what was stored is there, what the kernel had in memory is not. Boots and
   * mounts again; files and mappings are gone.
   */
  record PowerCut() implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /** A child is to wait at its next arrival at a point of the kernel's, see {@link Points}. */
  record Park(String child, String point) implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /** A child begins an operation, and the program goes on meanwhile. */
  record Begin(String child, Operation operation) implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /** Waits until a child waits at a point; 1 if it takes too long, 2 if it has ended before. */
  record Arrive(String child, String point) implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /** Lets a child go on from a point. */
  record Release(String child, String point) implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /** Looks at a child until it sleeps, at no point: the kernel function, and who called it. */
  record Blocked(String child) implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /**
   * Waits for what a child has begun, and answers as it does.
   *
   * @param operation what that was
   */
  record Await(String child, Operation operation) implements Operation {
    @Override
    public Effect effect() {
      return Effect.LABORATORY;
    }
  }

  /**
   * sync(2). What was dirty is written when it returns, but more may follow: it wakes every flusher
   * to write all there is (fs/sync.c, {@code wakeup_flusher_threads}) and waits only for the
   * writing that it queues beside that. In 10 of 2,000 rounds on kernel {@code series} the flusher
   * wrote a name that was created after the return; after syncfs(2), which wakes nobody else, in
   * none. So what a later {@link PowerCut} shall take away must not follow a sync.
   */
  record Sync() implements Operation {}

  /** The program's clock goes forward; nothing is asked of the file system. */
  record Clock(long seconds) implements Operation {}
}
