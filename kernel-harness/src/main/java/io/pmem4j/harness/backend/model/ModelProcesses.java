// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.harness.backend.OutcomeText;
import io.pmem4j.harness.durable.LineTracker;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.pmem.PersistentMemory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

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

  ModelProcesses(
      Ext2FileSystem fs,
      ModelPromises promises,
      AtomicLong clock,
      long alignment,
      TaskIdentities identities) {
    this.fs = fs;
    this.promises = promises;
    this.clock = clock;
    this.process = new ModelProcess(fs, promises, alignment, identities);
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
    return mount(memory, program, mount, alignment, fs -> new ModelPromises(fs, null));
  }

  /**
   * As {@link #mount}, with the promises of durability judged.
   *
   * @param lines the cache lines of the memory
   * @param point called before the check reads lines
   */
  public static ModelProcesses mountJudged(
      PersistentMemory memory,
      Program program,
      ModelMount mount,
      long alignment,
      LineTracker lines,
      Runnable point)
      throws Ext2Exception {
    return mount(memory, program, mount, alignment, fs -> new ModelPromises(fs, lines, point));
  }

  private static ModelProcesses mount(
      PersistentMemory memory,
      Program program,
      ModelMount mount,
      long alignment,
      Function<Ext2FileSystem, ModelPromises> promises)
      throws Ext2Exception {
    AtomicLong clock = new AtomicLong(Program.CLOCK_BASE_SECONDS);
    TaskIdentities identities = new TaskIdentities(mount.instrumentation().scheduler());
    Ext2FileSystem fs =
        Ext2FileSystem.mount(
            memory,
            mount.options(),
            mount
                .instrumentation()
                .withClock(clock::get)
                .withAllocatorPid(program::pid)
                .withAllocatorUser(identities::current));
    return new ModelProcesses(fs, promises.apply(fs), clock, alignment, identities);
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

  /** Runs an operation of the program, and returns its outcome without events. */
  public Outcome run(Operation operation) {
    return outcome(operation).build();
  }

  Outcome.Builder outcome(Operation operation) {
    try {
      return answer(process, operation);
    } catch (Ext2Exception e) {
      return OutcomeText.failed(e.errno().name());
    } catch (ModelProcess.NoMapping e) {
      return Outcome.builder().value("result", "none");
    }
  }

  private Outcome.Builder answer(ModelProcess self, Operation operation) throws Ext2Exception {
    return switch (operation) {
      case Operation.Fork fork -> {
        children.put(fork.child(), self.fork());
        yield ModelProcess.result(0);
      }
      case Operation.In in -> answer(child(in.child()), in.operation());
      case Operation.Exit exit -> {
        child(exit.child()).exit();
        children.remove(exit.child());
        yield ModelProcess.result(0);
      }
      case Operation.Remount remount -> {
        fs.remount(MountOptions.parse(remount.options()));
        yield ModelProcess.result(0);
      }
      case Operation.Mounted _ -> ModelProcess.result(0).value("options", fs.options());
      case Operation.Clock forward -> {
        clock.addAndGet(forward.seconds());
        yield ModelProcess.result(0);
      }
      default -> self.answer(operation);
    };
  }

  /** Returns an open file of a child, or of the program itself if the child's name is empty. */
  public Optional<OpenFile> file(String child, String name) {
    return process(child).openFile(name);
  }

  /** Returns a mapping of a child; empty if it is gone. */
  public Optional<Vma> mapping(String child, String name) {
    return process(child).findMapping(name);
  }

  /** Returns the memory of a child. */
  public AddressSpace memory(String child) {
    return process(child).memory();
  }

  private ModelProcess process(String child) {
    return child.isEmpty() ? process : child(child);
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
