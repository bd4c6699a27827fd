// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.program.AtimeOption;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.pmem.PersistentMemory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The process of a program and the children that it forks, on one mounted file system. Two children
 * may run operations at the same time, as far as the file system's scheduler lets them.
 */
public final class ModelProcesses {
  private final Ext2FileSystem fs;
  private final ModelPromises promises;
  private final AtomicLong clock;
  private final ModelProcess process;
  private final Map<String, ModelProcess> children = new HashMap<>();

  ModelProcesses(Ext2FileSystem fs, ModelPromises promises, AtomicLong clock, long alignment) {
    this.fs = fs;
    this.promises = promises;
    this.clock = clock;
    this.process = new ModelProcess(fs, promises, alignment);
  }

  /**
   * Mounts a file system for a program. The promises of durability are not judged.
   *
   * @param mount the scheduler, profile and lock order; the rest is the program's
   * @param alignment the alignment of mappings for which the program asks no address
   */
  public static ModelProcesses mount(
      PersistentMemory memory, Program program, ModelMount mount, long alignment)
      throws Ext2Exception {
    AtomicLong clock = new AtomicLong(Program.CLOCK_BASE_SECONDS);
    Ext2FileSystem fs =
        Ext2FileSystem.mount(
            memory,
            mount.options(),
            mount.instrumentation().withClock(clock::get).withAllocatorPid(program::pid));
    return new ModelProcesses(fs, new ModelPromises(fs, null), clock, alignment);
  }

  /**
   * As {@link #mount}, for threads of one process, which use a name for as long as they run: the
   * name of a mapping stays the name of its addresses after munmap(2) and mremap(2).
   */
  public static ModelProcesses mountForThreads(
      PersistentMemory memory, Program program, ModelMount mount) throws Ext2Exception {
    ModelProcesses processes = mount(memory, program, mount, 0);
    processes.process.keepNames();
    return processes;
  }

  /** Returns the mount options of programs, as a guest mounts. */
  public static String options(AtimeOption atime) {
    return ModelBackend.OPTIONS + atime;
  }

  /** Runs an operation of the program, and returns its outcome without events. */
  public Outcome run(Operation operation) {
    return outcome(operation).build();
  }

  Outcome.Builder outcome(Operation operation) {
    try {
      return answer(operation);
    } catch (Ext2Exception e) {
      return OutcomeText.failed(e.errno().name());
    } catch (ModelProcess.NoMapping e) {
      return Outcome.builder().value("result", "none");
    }
  }

  /** Runs an operation of a child, and returns its outcome without events. */
  public Outcome run(String child, Operation operation) {
    return run(new Operation.In(child, operation));
  }

  private Outcome.Builder answer(Operation operation) throws Ext2Exception {
    return switch (operation) {
      case Operation.Fork fork -> {
        children.put(fork.child(), process.fork());
        yield ModelProcess.result(0);
      }
      case Operation.In in -> child(in.child()).answer(in.operation());
      case Operation.Exit exit -> {
        child(exit.child()).exit();
        children.remove(exit.child());
        yield ModelProcess.result(0);
      }
      case Operation.Clock forward -> {
        clock.addAndGet(forward.seconds());
        yield ModelProcess.result(0);
      }
      default -> process.answer(operation);
    };
  }

  private ModelProcess child(String name) {
    ModelProcess child = children.get(name);
    if (child == null) {
      throw new IllegalStateException("no child " + name);
    }
    return child;
  }

  /** Returns the errors that the file system has reported. */
  public List<String> errors() {
    return fs.errors().stream().map(Object::toString).toList();
  }

  /** Thaws if the program has left the file system frozen, ends all processes, and unmounts. */
  public void unmount() throws Ext2Exception {
    thawIfFrozen();
    for (ModelProcess child : children.values()) {
      child.exit();
    }
    process.exit();
    promises.unmount();
  }

  /** As the guest does before it unmounts: a frozen file system outlives umount(2). */
  private void thawIfFrozen() throws Ext2Exception {
    try {
      fs.thaw();
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.EINVAL) {
        throw e;
      }
    }
  }
}
