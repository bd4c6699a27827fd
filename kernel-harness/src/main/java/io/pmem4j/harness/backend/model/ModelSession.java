// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.DirectoryChoices;
import io.pmem4j.harness.backend.FlusherChoices;
import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramPart;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.durable.BrokenPromise;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A program on ext2-dax: a process, and the children it forks. */
public final class ModelSession implements Session {
  private static final int PROT_EXEC = 4;

  private final Ext2FileSystem fs;
  private final FsImage image;
  private final Arena arena;
  private final boolean damaged;
  private final TaskScheduler tasks;
  private final ModelProcesses processes;
  private final KernelChoices choices;
  private int mkdirs;
  private int flushes;

  /**
   * Begins a session on a mounted file system.
   *
   * @param tasks the scheduler of the file system
   * @param processes the process of the program, without children
   * @param choices of the kernel, which the model follows
   * @param damaged whether the image was corrupt before: errors of the file system are expected
   */
  ModelSession(
      Ext2FileSystem fs,
      TaskScheduler tasks,
      ModelProcesses processes,
      FsImage image,
      Arena arena,
      KernelChoices choices,
      boolean damaged) {
    this.choices = choices;
    this.damaged = damaged;
    this.fs = fs;
    this.tasks = tasks;
    this.image = image;
    this.arena = arena;
    this.processes = processes;
    tasks.traceFrom(this::drainTrace);
  }

  /** Returns the regular files by path. */
  public Map<String, byte[]> files() {
    return ModelFiles.of(fs);
  }

  private List<String> drainTrace() {
    return fs.trace().drain().stream().map(Object::toString).toList();
  }

  @Override
  public Outcome run(Operation operation) throws BackendException {
    tasks.takeEvents();
    if (DirectoryChoices.madeBy(operation).isPresent()) {
      choices.directories().begin(mkdirs++);
    }
    if (FlusherChoices.wakesFlusher(operation)) {
      choices.flushers().begin(flushes++);
    }
    Outcome.Builder outcome;
    try {
      outcome = answer(operation);
    } catch (TaskScheduler.EndlessWaitException e) {
      throw BackendException.hang("model: " + ProgramText.of(operation) + ": " + e.getMessage());
    } catch (BrokenPromise e) {
      throw BackendException.modelBroke("model: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw BackendException.modelBroke("model: " + e, e);
    }
    List<String> events =
        Forgiveness.WORKER_EVENTS.forgives(FlusherChoices.wakesFlusher(operation))
            ? List.of()
            : tasks.takeEvents();
    if (!damaged && !fs.errors().isEmpty()) {
      throw BackendException.modelBroke("model: file-system error: " + fs.errors(), null);
    }
    if (!ofTasks(operation)) {
      outcome.events(events);
      tasks.settle();
    }
    return outcome.build();
  }

  private Outcome.Builder answer(Operation operation) {
    if (operation instanceof Operation.Begin begin) {
      tasks.begin(
          begin.child(),
          begin.operation(),
          () -> processes.outcome(new Operation.In(begin.child(), begin.operation())));
      return ModelProcess.result(0);
    }
    return ofTasks(operation) ? tasks.steer(operation) : processes.outcome(operation);
  }

  /** Returns whether an operation is about tasks, whose events belong to what they do. */
  private static boolean ofTasks(Operation operation) {
    return switch (operation) {
      case Operation.Park _,
          Operation.Begin _,
          Operation.Arrive _,
          Operation.Release _,
          Operation.Blocked _,
          Operation.Await _ ->
          true;
      default -> false;
    };
  }

  /** Returns the parts of an operation that ext2-dax lacks; empty if it lacks none. */
  public static Optional<ProgramPart.Lack> lacks(Operation operation) {
    return switch (operation) {
      case Operation.Call call
          when call.syscall() == Syscall.MMAP && (call.number(4) & PROT_EXEC) != 0 ->
          lack("mappings of code", ProgramPart.Reach.ALL);
      case Operation.Call call when ModelCalls.known(call.syscall()) -> Optional.empty();
      case Operation.Call call -> lack(call.syscall().toString(), reach(call.syscall()));
      case Operation.Lockdep _ -> lack("the kernel's lockdep", ProgramPart.Reach.NOTHING);
      case Operation.PowerCut _ -> lack("power cuts", ProgramPart.Reach.ALL);
      case Operation.Park park when !ModelPoint.exists(park.point()) ->
          lack("the point " + park.point(), ProgramPart.Reach.ALL);
      case Operation.Begin begin -> lacks(begin.operation());
      default -> Optional.empty();
    };
  }

  private static ProgramPart.Reach reach(Syscall verb) {
    return verb.onlyAsks() ? ProgramPart.Reach.NOTHING : ProgramPart.Reach.ALL;
  }

  private static Optional<ProgramPart.Lack> lack(String what, ProgramPart.Reach reach) {
    return Optional.of(new ProgramPart.Lack("the model lacks " + what, reach));
  }

  @Override
  public Optional<FsImage> end() throws BackendException {
    try {
      tasks.finish();
      choices.flushers().begin(FlusherChoices.UNMOUNT);
      processes.unmount();
    } catch (TaskScheduler.EndlessWaitException e) {
      throw BackendException.hang("model: a task " + e.getMessage());
    } catch (Ext2Exception | RuntimeException | BrokenPromise e) {
      throw BackendException.modelBroke("model: unmount: " + e, e);
    } finally {
      release();
    }
    return Optional.of(image);
  }

  @Override
  public void abandon() {
    release();
  }

  private void release() {
    tasks.abandon();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
