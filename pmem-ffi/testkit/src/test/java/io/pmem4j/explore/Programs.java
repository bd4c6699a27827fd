// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Small programs over a few cells and mutexes, whose final states can be collected. */
final class Programs {
  /** An access of a cell. */
  enum Access {
    VALUE,
    CHANGE
  }

  /** A scenario that has words for what cells observe. */
  private record InWords(Scenario scenario) implements Scenario, Vocabulary {
    @Override
    public Run start(Scheduler scheduler) throws Exception {
      return scenario.start(scheduler);
    }

    @Override
    public Vocabulary vocabulary() {
      return this;
    }

    @Override
    public String state(Enum<?> kind, long number) {
      return kind + " of " + number;
    }

    @Override
    public String observation(Enum<?> what, long first, long second) {
      return what == Access.VALUE ? String.valueOf(first) : "from " + first + " to " + second;
    }
  }

  /** Returns a scenario that has words for what its cells observe. */
  static Scenario inWords(Scenario scenario) {
    return new InWords(scenario);
  }

  /** A cell that announces its accesses. */
  static final class Cell {
    private final Scheduler scheduler;
    private final String name;
    private int value;

    Cell(Scheduler scheduler, String name) {
      this.scheduler = scheduler;
      this.name = name;
    }

    int load() {
      scheduler.yieldPoint(Scheduler.Point.LOAD, this);
      scheduler.observed(Access.VALUE, value, 0);
      return value;
    }

    void store(int to) {
      scheduler.yieldPoint(Scheduler.Point.STORE, this);
      scheduler.observed(Access.CHANGE, value, to);
      value = to;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final int CELLS = 2;
  private static final int MUTEXES = 1;

  private Programs() {}

  /** Two tasks that add one to a counter, without a lock. */
  static Scenario lostUpdate() {
    return inWords(scheduler -> {
      Cell counter = new Cell(scheduler, "counter");
      Scenario.Body add = () -> counter.store(counter.load() + 1);
      return run(
          () -> {
            if (counter.value != 2) {
              throw new AssertionError("counter is " + counter.value);
            }
          },
          new Scenario.Task("left", add),
          new Scenario.Task("right", add));
    });
  }

  /** Returns {@link #lostUpdate} where the counter is shared state of a kind. */
  static Scenario lostUpdateOfKind(Enum<?> kind) {
    return inWords(scheduler -> {
      SharedState counter = new SharedState(scheduler, kind, 7);
      int[] value = new int[1];
      Scenario.Body add =
          () -> {
            counter.load();
            int seen = value[0];
            counter.observed(Access.VALUE, seen);
            counter.store();
            value[0] = seen + 1;
            counter.observed(Access.CHANGE, seen, value[0]);
          };
      return run(
          () -> {
            if (value[0] != 2) {
              throw new AssertionError("counter is " + value[0]);
            }
          },
          new Scenario.Task("left", add),
          new Scenario.Task("right", add));
    });
  }

  static Scenario.Run run(Scenario.Body check, Scenario.Task... tasks) {
    return new Scenario.Run() {
      @Override
      public List<Scenario.Task> tasks() {
        return List.of(tasks);
      }

      @Override
      public void check() throws Throwable {
        check.run();
      }
    };
  }

  /** Tasks that only take steps, each on an object of its own. */
  static Scenario steps(int... counts) {
    return scheduler -> {
      Scenario.Task[] tasks = new Scenario.Task[counts.length];
      for (int i = 0; i < counts.length; i++) {
        Object own = new Object();
        int count = counts[i];
        tasks[i] =
            new Scenario.Task(
                "task" + i,
                () -> {
                  // The start is a step as well.
                  for (int k = 1; k < count; k++) {
                    scheduler.yieldPoint(Scheduler.Point.STEP, own);
                  }
                });
      }
      return run(() -> {}, tasks);
    };
  }

  /**
   * A random program; each final state that a run of it reaches goes into the set. What a task
   * stores depends on what it has loaded, so that different orders show.
   */
  static Scenario random(long seed, int taskCount, int operations, Set<String> finalStates) {
    return scheduler -> {
      Random random = new Random(seed);
      List<Cell> cells = new ArrayList<>();
      for (int i = 0; i < CELLS; i++) {
        cells.add(new Cell(scheduler, "cell" + i));
      }
      List<Mutex> mutexes = new ArrayList<>();
      for (int i = 0; i < MUTEXES; i++) {
        mutexes.add(new Mutex(scheduler, "mutex" + i));
      }
      int[] seen = new int[taskCount];
      Scenario.Task[] tasks = new Scenario.Task[taskCount];
      for (int t = 0; t < taskCount; t++) {
        int task = t;
        List<Scenario.Body> bodies = new ArrayList<>();
        for (int k = 0; k < operations; k++) {
          Cell cell = cells.get(random.nextInt(CELLS));
          Mutex mutex = mutexes.get(random.nextInt(MUTEXES));
          int kind = random.nextInt(5);
          int constant = task * 10 + k + 1;
          bodies.add(
              switch (kind) {
                case 0, 1 -> () -> seen[task] = seen[task] * 31 + cell.load();
                case 2, 3 -> () -> cell.store(seen[task] + constant);
                default ->
                    () -> {
                      try (var _ = mutex.lock()) {
                        cell.store(cell.load() * 7 + constant);
                      }
                    };
              });
        }
        tasks[t] =
            new Scenario.Task(
                "task" + t,
                () -> {
                  for (Scenario.Body body : bodies) {
                    body.run();
                  }
                });
      }
      return run(
          () ->
              finalStates.add(
                  cells.stream().map(cell -> cell.value).toList() + Arrays.toString(seen)),
          tasks);
    };
  }
}
