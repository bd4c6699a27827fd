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

    /** Returns the argument at an index, which is bytes. */
    public Bytes data(int index) {
      return ((Parameter.Data) arguments.get(index)).bytes();
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

  /**
   * Cuts the power as {@link PowerCut} does, and takes a part of what was not durable: the seed
   * chooses among the states in which a crash may leave the medium. What backends answer from then
   * on is judged by promises and expectations alone.
   */
  record LossyCut(long seed) implements Operation {
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

  /** The program's clock goes forward; nothing is asked of the file system. */
  record Clock(long seconds) implements Operation {}
}
