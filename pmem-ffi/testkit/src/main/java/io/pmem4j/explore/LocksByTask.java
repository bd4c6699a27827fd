// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The locks that each task holds and waits for, derived from the steps. */
final class LocksByTask {
  private final List<List<String>> held;
  private final @Nullable String[] awaited;

  /** True for a task that waits for a lock, which it will own. */
  private final boolean[] waited;

  LocksByTask(int tasks) {
    held = IntStream.range(0, tasks).<List<String>>mapToObj(_ -> new ArrayList<>()).toList();
    awaited = new @Nullable String[tasks];
    waited = new boolean[tasks];
  }

  /** Adds the effect of a step. */
  void add(Step step) {
    List<String> own = held.get(step.task());
    String lock = step.lock();
    if (step.kind() == Step.Kind.WAKE) {
      // Locks are handed over: the waiter owns its lock now. A gate that opens has no owner.
      if (waited[step.task()]) {
        own.add(lock);
      }
      awaited[step.task()] = null;
    } else if (step.takes() && !step.waitsForOwn()) {
      own.add(lock);
    } else if (step.kind() == Step.Kind.RELEASE) {
      own.remove(lock);
    }
    if (!step.waitsFor().isEmpty()) {
      awaited[step.task()] = Step.shortly(step.waitsFor());
      waited[step.task()] = step.waitsForOwn();
    }
  }

  /** Returns the locks of one task in words; empty if it has none. */
  String words(int task) {
    List<String> words = new ArrayList<>();
    if (!held.get(task).isEmpty()) {
      words.add("holds " + String.join(", ", held.get(task)));
    }
    if (awaited[task] != null) {
      words.add("waits for " + awaited[task]);
    }
    return words.isEmpty() ? "" : (char) ('A' + task) + " " + String.join(", ", words);
  }
}
