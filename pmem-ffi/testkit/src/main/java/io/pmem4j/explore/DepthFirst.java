// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;

/**
 * A depth-first walk of the tree of schedules, one path a run. Every node is a choice of the next
 * task. A path with more preemptions than the bound allows is left out. With reduction, so is a
 * path that differs from another one only in the order of steps that commute.
 */
final class DepthFirst implements Chooser {
  /** The bound of a walk with any number of preemptions. */
  static final int UNBOUNDED = Integer.MAX_VALUE;

  /** A choice on the current path. */
  private static final class Node {
    final long runnable;

    /** Tasks that may run within the bound. */
    final long allowed;

    final int last;
    final int preemptionsBefore;

    /** Tasks whose steps would repeat another path in another order. */
    final long asleep;

    int chosen;
    long todo;
    long done;

    Node(long runnable, long allowed, int last, int preemptionsBefore, long asleep) {
      this.runnable = runnable;
      this.allowed = allowed;
      this.last = last;
      this.preemptionsBefore = preemptionsBefore;
      this.asleep = asleep;
    }

    int preemptions() {
      return preemptionsBefore + (Chooser.wouldPreempt(runnable, last, chosen) ? 1 : 0);
    }

    /** Adds one of the tasks to those tried here, unless one of them is tried anyway. */
    void alsoTryOneOf(long initials) {
      if (((todo | done | 1L << chosen) & initials) == 0) {
        long awake = initials & runnable & ~asleep;
        alsoTry(awake & -awake);
      }
    }

    /** Adds tasks to those tried here, if they are allowed and have not been tried. */
    void alsoTry(long tasks) {
      todo |= tasks & allowed & ~done & ~asleep & ~(1L << chosen);
    }
  }

  private final int bound;
  private final boolean reduces;
  private final List<Node> path = new ArrayList<>();
  private HappensBefore order = new HappensBefore();
  private int depth;

  DepthFirst(int bound, boolean reduces) {
    this.bound = bound;
    this.reduces = reduces;
  }

  @Override
  public int choose(Execution execution, long runnable, int last) {
    Node node;
    if (depth < path.size()) {
      node = path.get(depth);
      if (node.runnable != runnable) {
        throw new NotDeterministic(
            "other tasks can run after the same " + depth + " steps than before");
      }
    } else {
      node = open(execution, runnable, last);
      if (node.chosen == REDUNDANT) {
        return REDUNDANT;
      }
      path.add(node);
    }
    if (reduces) {
      order.step(execution, node.chosen, depth, this::raced);
    }
    depth++;
    return node.chosen;
  }

  private Node open(Execution execution, long runnable, int last) {
    int preemptions = path.isEmpty() ? 0 : path.getLast().preemptions();
    long allowed =
        preemptions >= bound && last >= 0 && (runnable & 1L << last) != 0 ? 1L << last : runnable;
    Node node = new Node(runnable, allowed, last, preemptions, stillAsleep(execution));
    long awake = allowed & ~node.asleep;
    if (awake == 0) {
      node.chosen = REDUNDANT;
      return node;
    }
    node.chosen = Chooser.unpreempted(awake, last);
    if (!reduces) {
      node.todo = awake & ~(1L << node.chosen);
    }
    return node;
  }

  /**
   * Returns the tasks that sleep at the next node. A step that was tried or slept at the node
   * before, and that commutes with the step made instead, leads to a state seen before. Sleep sets
   * are sound only without a bound: a path that sleeps here may not have been allowed there.
   */
  private long stillAsleep(Execution execution) {
    if (!reduces || bound != UNBOUNDED || path.isEmpty()) {
      return 0;
    }
    Node before = path.getLast();
    long asleep = 0;
    for (long rest = (before.asleep | before.done) & ~(1L << before.chosen);
        rest != 0;
        rest &= rest - 1) {
      int task = Long.numberOfTrailingZeros(rest);
      if (order.commutesWithLastStep(execution, task)) {
        asleep |= 1L << task;
      }
    }
    return asleep;
  }

  /** Adds the reverse order of two steps that race. */
  private void raced(int earlier, int task, long initials) {
    if (bound == UNBOUNDED) {
      path.get(earlier).alsoTryOneOf(initials);
      return;
    }
    tryAt(earlier, task);
    // Before the earlier step it costs a preemption, which may exceed the bound. Before the row of
    // steps that the earlier one belongs to, it costs none.
    int first = earlier;
    while (first > 0 && path.get(first - 1).chosen == path.get(earlier).chosen) {
      first--;
    }
    tryAt(first, task);
  }

  private void tryAt(int index, int task) {
    Node node = path.get(index);
    node.alsoTry((node.runnable & 1L << task) != 0 ? 1L << task : node.runnable);
  }

  /** Prepares the next path; returns false when there is none. */
  boolean advance() {
    depth = 0;
    order = new HappensBefore();
    while (!path.isEmpty()) {
      Node node = path.getLast();
      node.done |= 1L << node.chosen;
      if (node.todo != 0) {
        node.chosen = Long.numberOfTrailingZeros(node.todo);
        node.todo &= node.todo - 1;
        return true;
      }
      path.removeLast();
    }
    return false;
  }
}
