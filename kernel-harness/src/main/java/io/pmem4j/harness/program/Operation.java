// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;

/**
 * An operation of a program. Files and mappings have the program's own names; sizes, offsets and
 * lengths are bytes; flags are those of Linux on x86-64.
 */
public sealed interface Operation {
  /** The reach of an operation beyond the files that it names, from small to large. */
  enum Reach {
    /** No further than its files: any thread of any process may do it. */
    NONE,
    /** The process that does it: it forks, or takes another identity. */
    PROCESS,
    /** All users of the file system. */
    FILE_SYSTEM,
    /**
     * The whole machine, or the inside of its kernel, which must be one that the harness booted.
     */
    KERNEL
  }

  /** Returns the operation without the child that does it. */
  default Operation withoutChild() {
    return this instanceof In in ? in.operation().withoutChild() : this;
  }

  /** Returns whether this is a system call of {@link Syscall}'s table, by whichever process. */
  default boolean isCall(Syscall syscall) {
    return withoutChild() instanceof Call call && call.syscall() == syscall;
  }

  /** Returns the reach of the operation beyond the files that it names. */
  default Reach reach() {
    return Reach.NONE;
  }

  /** open(2) of a path below the root of the file system. */
  record Open(String file, String path, int flags, int mode) implements Operation {}

  /** Closes a file: close(2). */
  record Close(String file) implements Operation {}

  /** Writes at an offset: pwrite(2). */
  record Pwrite(String file, long offset, Bytes data) implements Operation {}

  /** Reads at an offset: pread(2). */
  record Pread(String file, long offset, int length) implements Operation {}

  /** Sets the size of a file: ftruncate(2). */
  record Ftruncate(String file, long size) implements Operation {}

  /** Makes a file durable: fsync(2). */
  record Fsync(String file) implements Operation {}

  /** fstat(2), and the generation. */
  record Fstat(String file) implements Operation {}

  /** FIEMAP of the whole file. */
  record Fiemap(String file) implements Operation {}

  /**
   * Maps a range of a file: mmap(2).
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

  /** Writes back a range of a mapping: msync(2). */
  record Msync(String mapping, long offset, long length, int flags) implements Operation {}

  /** Reads the page table at an offset of a mapping. */
  record Pagemap(String mapping, long offset) implements Operation {}

  /**
   * A system call of {@link Syscall}'s table.
   *
   * @param arguments one for each of the verb's parameters
   */
  record Call(Syscall syscall, List<Parameter.Value> arguments) implements Operation {
    /** Copies the list. */
    public Call {
      arguments = List.copyOf(arguments);
      if (arguments.size() != syscall.parameters().size()) {
        throw new IllegalArgumentException(syscall + " takes " + syscall.parameters().size());
      }
    }

    /** Returns the argument at an index, which is a name or a path. */
    public String text(int index) {
      return ((Parameter.Name) arguments.get(index)).text();
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
    public Reach reach() {
      return syscall.reach();
    }
  }

  /** Forks a child, which inherits the files and mappings of this moment. */
  record Fork(String child) implements Operation {
    @Override
    public Reach reach() {
      return Reach.PROCESS;
    }
  }

  /** An operation that a child does, while the program waits. */
  record In(String child, Operation operation) implements Operation {
    @Override
    public Reach reach() {
      Reach inner = operation.reach();
      return inner.compareTo(Reach.PROCESS) > 0 ? inner : Reach.PROCESS;
    }
  }

  /** Ends a child. */
  record Exit(String child) implements Operation {
    @Override
    public Reach reach() {
      return Reach.PROCESS;
    }
  }

  /** Mounts again with other options. */
  record Remount(String options) implements Operation {
    @Override
    public Reach reach() {
      return Reach.FILE_SYSTEM;
    }
  }

  /** The options of the mount as the kernel shows them. */
  record Mounted() implements Operation {}

  /** Asks lockdep whether a lock of one class was taken under one of another. */
  record Lockdep(String outer, String inner) implements Operation {}

  /**
   * Cuts the power: stored data stays, and everything that the kernel held in memory is lost. Boots
   * and mounts again; files and mappings are gone.
   */
  record PowerCut() implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /** A child is to wait at its next arrival at a point of the kernel's, see {@link Points}. */
  record Park(String child, String point) implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /** A child begins an operation, and the program goes on meanwhile. */
  record Begin(String child, Operation operation) implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /** Waits until a child waits at a point; 1 if it takes too long, 2 if it has ended before. */
  record Arrive(String child, String point) implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /** Lets a child go on from a point. */
  record Release(String child, String point) implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /** Polls a child until it sleeps outside of any point: the kernel function, and its callers. */
  record Blocked(String child) implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /**
   * Waits for the operation that a child has begun, and has its outcome.
   *
   * @param operation what that was
   */
  record Await(String child, Operation operation) implements Operation {
    @Override
    public Reach reach() {
      return Reach.KERNEL;
    }
  }

  /**
   * Writes back all dirty data: sync(2). Dirty data is written when it returns, but more may
   * follow: it wakes every flusher thread (fs/sync.c, {@code wakeup_flusher_threads}) and waits
   * only for the writeback that it queues itself. On kernel {@code series} the flusher sometimes
   * wrote a name that was created after the return; after syncfs(2), which wakes no flusher, it
   * never did. So a name that a later {@link PowerCut} shall lose must not follow a sync.
   */
  record Sync() implements Operation {}

  /** The program's clock goes forward; nothing is asked of the file system. */
  record Clock(long seconds) implements Operation {}
}
