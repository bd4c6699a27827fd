// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.sched.Classified;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler of a file system on which a program's tasks run. A task runs until it ends, comes
 * by a point at which it is to be parked, or waits for a lock; then the program goes on. So a
 * program has one interleaving, which its park and release lines choose.
 *
 * <p>A wait of the program itself that no task can end throws: no other task exists that could
 * release the lock or thaw the file system.
 */
final class TaskScheduler implements Scheduler {
  private final Scheduler threads;
  private final Map<String, ModelTask> tasks = new LinkedHashMap<>();
  private final Map<String, Set<String>> armed = new HashMap<>();
  private final List<String> ofProgram = new ArrayList<>();
  private Supplier<List<String>> trace = List::of;
  private final boolean namesLocks;
  private @Nullable String current;

  /** A task waits for an event that no other task can bring about. */
  static final class EndlessWaitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EndlessWaitException(Object blocker, boolean alone) {
      super(
          "waits for ever for "
              + blocker.getClass().getSimpleName()
              + (alone ? ": no other task runs" : ": no other task can go on"));
    }
  }

  /**
   * Wraps a scheduler.
   *
   * @param threads identifies the program's own thread
   * @param namesLocks whether the kernel that is followed says that a task sleeps in a lock's own
   *     function; otherwise in the caller's
   */
  TaskScheduler(Scheduler threads, boolean namesLocks) {
    this.threads = threads;
    this.namesLocks = namesLocks;
  }

  /** Sets the source of trace events; it removes those that it returns. */
  void traceFrom(Supplier<List<String>> drain) {
    trace = drain;
  }

  /** Returns the trace events of the program itself, without those of its tasks. */
  List<String> takeEvents() {
    ofProgram.addAll(trace.get());
    List<String> taken = List.copyOf(ofProgram);
    ofProgram.clear();
    return taken;
  }

  /** Begins an operation of a child. */
  void begin(String child, Operation operation, Supplier<Outcome.Builder> body) {
    ModelTask known = tasks.get(child);
    if (known != null && !known.isDone()) {
      throw new IllegalStateException(child + " has not ended its operation");
    }
    tasks.put(child, new ModelTask(child, ModelPoint.Path.of(operation), body));
    settle();
  }

  /** Answers an operation that steers tasks. */
  Outcome.Builder steer(Operation operation) {
    return switch (operation) {
      case Operation.Park park -> {
        armed.computeIfAbsent(park.child(), _ -> new HashSet<>()).add(park.point());
        yield ModelProcess.result(0);
      }
      case Operation.Release release -> {
        armed.getOrDefault(release.child(), new HashSet<>()).remove(release.point());
        ModelTask task = tasks.get(release.child());
        if (task != null && task.isParkedAt(release.point())) {
          task.release();
        }
        settle();
        yield ModelProcess.result(0);
      }
      case Operation.Arrive arrive -> {
        ModelTask task = tasks.get(arrive.child());
        boolean there = task != null && task.isParkedAt(arrive.point());
        yield ModelProcess.result(there ? 0 : task == null || task.isDone() ? 2 : 1);
      }
      case Operation.Blocked blocked -> sleeps(blocked.child());
      case Operation.Await await -> {
        ModelTask task = tasks.get(await.child());
        if (task == null) {
          yield Outcome.builder().value("result", "none");
        }
        if (!task.isDone()) {
          yield Outcome.builder().value("result", "running");
        }
        tasks.remove(await.child());
        yield task.outcome();
      }
      default -> throw new IllegalStateException("steers no task: " + operation);
    };
  }

  /** The kernel's functions: its own of the lock, and the first outside of it. */
  private Outcome.Builder sleeps(String child) {
    ModelTask task = tasks.get(child);
    if (task == null || task.isDone()) {
      return Outcome.builder().value("result", task == null ? "idle" : "finished");
    }
    Enum<?> lock =
        task.blocker().map(on -> on instanceof Classified of ? of.kind() : null).orElse(null);
    if (lock == null) {
      return Outcome.builder().value("result", "running");
    }
    // The model has the truncation's wait for faults; other waits are shown by the lock's name.
    String wantedBy = lock == LockClass.DAX_SEM ? "ext2_setattr" : lock.name();
    return ModelProcess.result(0)
        .value("wchan", namesLocks ? "rwsem_down_write_slowpath" : wantedBy)
        .value("in", wantedBy);
  }

  /** Runs tasks until each has ended, is parked, or waits for a lock. */
  void settle() {
    boolean ran = true;
    while (ran) {
      ran = false;
      for (Map.Entry<String, ModelTask> each : List.copyOf(tasks.entrySet())) {
        if (each.getValue().isRunnable()) {
          run(each.getKey(), each.getValue());
          ran = true;
        }
      }
    }
  }

  private void run(String child, ModelTask task) {
    ofProgram.addAll(trace.get());
    current = child;
    try {
      task.resume();
    } finally {
      current = null;
      task.add(trace.get());
    }
  }

  /**
   * Lets all tasks go on from their points, at the end of a program.
   *
   * @throws EndlessWaitException if one of them does not end
   */
  void finish() {
    armed.clear();
    tasks.values().forEach(ModelTask::release);
    settle();
    for (ModelTask task : tasks.values()) {
      if (!task.isDone()) {
        Object blocker = task.blocker().orElse(task);
        abandon();
        throw new EndlessWaitException(blocker, false);
      }
    }
  }

  /** Ends the threads of tasks that have not ended. */
  void abandon() {
    tasks.values().forEach(ModelTask::abandon);
    tasks.clear();
  }

  private @Nullable ModelTask running() {
    return current == null ? null : tasks.get(current);
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    ModelTask task = running();
    if (task != null) {
      task.block(blocker, wake);
      return;
    }
    settle();
    if (!wake.getAsBoolean()) {
      throw new EndlessWaitException(blocker, tasks.isEmpty());
    }
  }

  @Override
  public void yieldPoint(Point point, Object object) {
    ModelTask task = running();
    if (task == null) {
      threads.yieldPoint(point, object);
      return;
    }
    String child = String.valueOf(current);
    task.step(point, object, label -> armed.getOrDefault(child, new HashSet<>()).remove(label));
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    threads.observed(what, first, second);
  }

  @Override
  public Object currentTask() {
    ModelTask task = running();
    return task == null ? threads.currentTask() : task;
  }

  @Override
  public void unpark(Object task) {
    if (!(task instanceof ModelTask)) {
      threads.unpark(task);
    }
  }
}
