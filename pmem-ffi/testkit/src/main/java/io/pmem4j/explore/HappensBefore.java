// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * The happens-before relation of a run's steps, kept with vector clocks as Flanagan and Godefroid
 * do. Two steps of different tasks on one object race if not both are loads, and no other steps
 * order them.
 */
@SuppressWarnings("ReferenceEquality") // objects are told apart by identity
final class HappensBefore {
  /** A listener for races. */
  interface Listener {
    /**
     * Receives two steps that race.
     *
     * @param earlier index of the earlier step
     * @param task the task of the later step
     * @param initials tasks that may run first instead of the earlier step, to reach the later one
     *     before it
     */
    void raced(int earlier, int task, long initials);
  }

  private static final int NEVER = -1;

  /** The accesses to one object: for each task the last load and the last other access. */
  private static final class Accesses {
    final int[] load;
    final int[] store;

    Accesses(int tasks) {
      load = new int[tasks];
      store = new int[tasks];
      Arrays.fill(load, NEVER);
      Arrays.fill(store, NEVER);
    }
  }

  private final IdentityHashMap<Object, Accesses> accesses = new IdentityHashMap<>();

  /** The clock of each step: for each task, the last step that happened before it or is it. */
  private final List<int[]> clocks = new ArrayList<>();

  private final List<Integer> taskOfStep = new ArrayList<>();
  private int[][] clockOfTask = {};
  private Step.Kind lastKind = Step.Kind.START;
  private Object lastObject = this;

  /** Adds the next step, which {@code task} makes, and reports its races. */
  void step(Execution execution, int task, int index, Listener listener) {
    int tasks = execution.taskCount();
    if (clockOfTask.length == 0) {
      clockOfTask = new int[tasks][tasks];
      for (int[] clock : clockOfTask) {
        Arrays.fill(clock, NEVER);
      }
    }
    Step.Kind kind = execution.nextKind(task);
    Object object = execution.nextObject(task);
    int[] clock = clockOfTask[task].clone();
    if (kind != Step.Kind.START) {
      Accesses on = accesses.computeIfAbsent(object, _ -> new Accesses(tasks));
      boolean loads = kind == Step.Kind.LOAD;
      int[] before = clock.clone();
      int[] racing = new int[tasks];
      for (int other = 0; other < tasks; other++) {
        int earlier = loads ? on.store[other] : Math.max(on.store[other], on.load[other]);
        racing[other] = other != task && earlier > before[other] ? earlier : NEVER;
        if (other != task && earlier != NEVER) {
          join(clock, clocks.get(earlier));
        }
      }
      clock[task] = index;
      for (int earlier : racing) {
        if (earlier != NEVER) {
          listener.raced(earlier, task, initials(earlier, task, index, clock));
        }
      }
      (loads ? on.load : on.store)[task] = index;
    }
    clock[task] = index;
    clockOfTask[task] = clock;
    clocks.add(clock);
    taskOfStep.add(task);
    lastKind = kind;
    lastObject = object;
  }

  /**
   * Returns the tasks that may run first instead of the earlier step. Each has a first step after
   * it that does not depend on it, nor on the first such step of another task. See Abdulla and
   * others, "Optimal dynamic partial order reduction", POPL 2014.
   */
  private long initials(int earlier, int task, int index, int[] clock) {
    int[] first = new int[clock.length];
    Arrays.fill(first, NEVER);
    int before = taskOfStep.get(earlier);
    for (int i = earlier + 1; i < index; i++) {
      int who = taskOfStep.get(i);
      if (first[who] == NEVER && clocks.get(i)[before] < earlier) {
        first[who] = i;
      }
    }
    if (first[task] == NEVER) {
      first[task] = index;
    }
    long initials = 0;
    for (int who = 0; who < first.length; who++) {
      if (first[who] != NEVER && !dependsOnAny(first, who, index, clock)) {
        initials |= 1L << who;
      }
    }
    return initials;
  }

  private boolean dependsOnAny(int[] first, int who, int index, int[] clock) {
    int[] own = first[who] == index ? clock : clocks.get(first[who]);
    for (int other = 0; other < first.length; other++) {
      if (other != who && first[other] != NEVER && own[other] >= first[other]) {
        return true;
      }
    }
    return false;
  }

  private static void join(int[] clock, int[] other) {
    for (int i = 0; i < clock.length; i++) {
      clock[i] = Math.max(clock[i], other[i]);
    }
  }

  /** Returns true if a task's next step and the last step may change places without effect. */
  boolean commutesWithLastStep(Execution execution, int task) {
    Step.Kind kind = execution.nextKind(task);
    return kind == Step.Kind.START
        || lastKind == Step.Kind.START
        || execution.nextObject(task) != lastObject
        || (kind == Step.Kind.LOAD && lastKind == Step.Kind.LOAD);
  }
}
