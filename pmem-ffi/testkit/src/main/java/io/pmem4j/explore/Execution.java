// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import io.pmem4j.sched.Classified;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One run of a scenario under one schedule. One task runs at a time, so nothing here is
 * synchronised. With coroutines that are threads, the hand-over orders their accesses.
 */
final class Execution implements Scheduler {
  private static final int OUTSIDE = -1;
  private static final Object NOBODY = new Object();

  /** A task and its next step. */
  private static final class Task {
    final String name;
    final Coroutine coroutine;
    Step.Kind kind = Step.Kind.START;
    Object object = NOBODY;
    CallSite place = CallSite.UNKNOWN;
    @Nullable BooleanSupplier wake;

    /** True if the wake condition held at a call of unpark, or before the task slept. */
    boolean called;

    @Nullable Throwable failure;

    Task(Coroutine.Maker maker, Scenario.Task task) {
      name = task.name();
      coroutine =
          maker.make(() -> {
            try {
              task.body().run();
            } catch (VirtualMachineError e) {
              throw e;
            } catch (Throwable e) {
              failure = e;
            }
          });
    }

    boolean isAwake() {
      return wake == null || called;
    }

    /** Returns the name alone: messages must be equal in equal runs. */
    @Override
    public String toString() {
      return name;
    }
  }

  private final Coroutine.Maker maker;
  private final int maxSteps;

  /** Finds the call site of a step, which takes microseconds; null unless annotated. */
  private final @Nullable Supplier<CallSite> locator;

  private Vocabulary vocabulary = Vocabulary.NAMES;
  private final List<Task> tasks = new ArrayList<>();
  private int current = OUTSIDE;

  private int steps;
  private int[] stepTasks = new int[64];
  private Step.Kind[] stepKinds = new Step.Kind[64];
  private Object[] stepObjects = new Object[64];
  private final List<CallSite> stepPlaces = new ArrayList<>();

  /** The observations of the steps, in order; empty unless annotated. */
  private final List<Observed> observations = new ArrayList<>();

  private record Observed(int step, Enum<?> what, long first, long second) {}

  /** The blockers that tasks waited for at the end of a step, by step number. */
  private final Map<Integer, Object> waits = new HashMap<>();

  Execution(Coroutine.Maker maker, int maxSteps, @Nullable Supplier<CallSite> locator) {
    this.locator = locator;
    this.maker = maker;
    this.maxSteps = maxSteps;
  }

  /** Runs the scenario to its end; returns null if nothing failed. */
  @Nullable Finding run(Scenario scenario, Chooser chooser) {
    vocabulary = scenario.vocabulary();
    Scenario.Run run;
    try {
      run = scenario.start(this);
    } catch (Exception e) {
      throw new IllegalStateException("the scenario does not start: " + e, e);
    }
    try {
      for (Scenario.Task task : run.tasks()) {
        tasks.add(new Task(maker, task));
      }
      if (tasks.isEmpty() || tasks.size() > Schedule.MAX_TASKS) {
        throw new IllegalArgumentException(tasks.size() + " tasks; 1 to " + Schedule.MAX_TASKS);
      }
      return runTasks(run, chooser);
    } finally {
      tasks.forEach(task -> task.coroutine.abandon());
      run.close();
    }
  }

  private @Nullable Finding runTasks(Scenario.Run run, Chooser chooser) {
    int last = OUTSIDE;
    for (; ; ) {
      long runnable = 0;
      boolean alive = false;
      for (int i = 0; i < tasks.size(); i++) {
        Task task = tasks.get(i);
        if (!task.coroutine.isDone()) {
          alive = true;
          if (task.isAwake()) {
            runnable |= 1L << i;
          }
        }
      }
      if (!alive) {
        return check(run);
      }
      if (runnable == 0) {
        return finding(Finding.Kind.DEADLOCK, whoWaitsForWhat(), null);
      }
      if (steps == maxSteps) {
        return finding(Finding.Kind.ENDLESS, "no end after " + maxSteps + " steps", null);
      }
      int next = chooser.choose(this, runnable, last);
      if (next == Chooser.REDUNDANT) {
        return null;
      }
      step(next);
      Throwable failure = tasks.get(next).failure;
      if (failure != null) {
        return failure instanceof NotDeterministic
            ? finding(Finding.Kind.NOT_DETERMINISTIC, words(failure), failure)
            : finding(
                Finding.Kind.TASK_FAILED, tasks.get(next).name + ": " + words(failure), failure);
      }
      last = next;
    }
  }

  private void step(int next) {
    Task task = tasks.get(next);
    if (steps == stepTasks.length) {
      stepTasks = java.util.Arrays.copyOf(stepTasks, 2 * steps);
      stepKinds = java.util.Arrays.copyOf(stepKinds, 2 * steps);
      stepObjects = java.util.Arrays.copyOf(stepObjects, 2 * steps);
    }
    stepTasks[steps] = next;
    stepKinds[steps] = task.kind;
    stepObjects[steps] = task.object;
    if (locator != null) {
      stepPlaces.add(task.place);
    }
    steps++;
    current = next;
    task.coroutine.resume();
    current = OUTSIDE;
  }

  private @Nullable Finding check(Scenario.Run run) {
    try {
      run.check();
      return null;
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      return finding(Finding.Kind.CHECK_FAILED, words(e), e);
    }
  }

  private String whoWaitsForWhat() {
    List<String> waits = new ArrayList<>();
    for (Task task : tasks) {
      if (!task.coroutine.isDone()) {
        waits.add(task.name + " waits for " + task.object);
      }
    }
    return String.join("; ", waits);
  }

  private static String words(Throwable failure) {
    String message = failure.getMessage();
    return failure instanceof AssertionError && message != null ? message : failure.toString();
  }

  Finding finding(Finding.Kind kind, String message, @Nullable Throwable cause) {
    List<Step> all = allSteps();
    return new Finding(kind, message, cause, Schedule.of(all), taskNames(), all);
  }

  List<String> taskNames() {
    return tasks.stream().map(task -> task.name).toList();
  }

  /** Returns the steps made so far. */
  List<Step> allSteps() {
    List<Step> all = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      Object object = stepObjects[i];
      Enum<?> subject = object instanceof Classified classified ? classified.kind() : null;
      CallSite place = locator == null ? CallSite.UNKNOWN : stepPlaces.get(i);
      Object blocker = waits.get(i);
      String waitsFor = blocker == null ? "" : blocker.toString();
      all.add(
          new Step(
              stepTasks[i],
              stepKinds[i],
              subject,
              words(object),
              place,
              waitsFor,
              observationsOf(i)));
    }
    return all;
  }

  private String words(Object object) {
    if (object instanceof SharedState state) {
      return vocabulary.state(state.kind(), state.number());
    }
    return object == NOBODY ? "" : object.toString();
  }

  private String observationsOf(int step) {
    return observations.stream()
        .filter(each -> each.step == step)
        .map(each -> vocabulary.observation(each.what, each.first, each.second))
        .collect(Collectors.joining(" "));
  }

  /** Returns the number of steps made so far. */
  int steps() {
    return steps;
  }

  /** Returns the number of tasks. */
  int taskCount() {
    return tasks.size();
  }

  /** Returns the kind of the next step of a task that has not ended. */
  Step.Kind nextKind(int task) {
    return tasks.get(task).kind;
  }

  /** Returns the object of a task's next step; compared by identity. */
  Object nextObject(int task) {
    return tasks.get(task).object;
  }

  // ---- the scheduler that the tasks see

  @Override
  public void yieldPoint(Point point, Object object) {
    if (current == OUTSIDE) {
      return;
    }
    Task task = tasks.get(current);
    task.kind = kind(point);
    task.object = object;
    locate(task);
    task.coroutine.pause();
  }

  private void locate(Task task) {
    if (locator != null) {
      task.place = locator.get();
    }
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    if (locator != null && current != OUTSIDE) {
      observations.add(new Observed(steps - 1, what, first, second));
    }
  }

  private static Step.Kind kind(Point point) {
    return switch (point) {
      case ACQUIRE -> Step.Kind.ACQUIRE;
      case RELEASE -> Step.Kind.RELEASE;
      case LOAD -> Step.Kind.LOAD;
      case STORE -> Step.Kind.STORE;
      case PERSIST -> Step.Kind.PERSIST;
      case STEP -> Step.Kind.STEP;
    };
  }

  @Override
  public Object currentTask() {
    return current == OUTSIDE ? NOBODY : tasks.get(current);
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    if (current == OUTSIDE) {
      if (!wake.getAsBoolean()) {
        throw new IllegalStateException("no task runs that could end the wait for: " + blocker);
      }
      return;
    }
    Task task = tasks.get(current);
    task.kind = Step.Kind.WAKE;
    task.object = blocker;
    waits.put(steps - 1, blocker);
    locate(task);
    task.wake = wake;
    task.called = wake.getAsBoolean();
    task.coroutine.pause();
    task.wake = null;
  }

  @Override
  public void unpark(Object task) {
    if (task instanceof Task parked && parked.wake != null && parked.wake.getAsBoolean()) {
      parked.called = true;
    }
  }
}
