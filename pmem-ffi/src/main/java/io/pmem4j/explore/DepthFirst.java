// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;

/**
 * Walks the tree of schedules, one path a run. Every node is a moment at which somebody runs next;
 * a path that switches away from a task that could go on more often than the bound allows is left
 * out, and so, with reduction, is one that differs from another only in the order of steps that
 * commute.
 */
final class DepthFirst implements Chooser {
  /** No bound on preemptions. */
  static final int UNBOUNDED = Integer.MAX_VALUE;

  /** A moment on the current path. */
  private static final class Node {
    final long runnable;

    /** Who may run within the bound. */
    final long allowed;

    final int last;
    final int preemptionsBefore;

    /** Steps that would repeat, in another order, what another path has shown. */
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

    /** One of these is to be tried here, unless one of them is tried anyway. */
    void alsoTryOneOf(long initials) {
      if (((todo | done | 1L << chosen) & initials) == 0) {
        long awake = initials & runnable & ~asleep;
        alsoTry(awake & -awake);
      }
    }

    /** Somebody is to be tried here as well, if that is allowed and has not been done. */
    void alsoTry(long tasks) {
      todo |= tasks & allowed & ~done & ~asleep & ~(1L << chosen);
    }
  }

  private final int bound;
  private final boolean reduces;
  private final List<Node> path = new ArrayList<>();
  private Races races = new Races();
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
      races.step(execution, node.chosen, depth, this::raced);
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
   * A step that was tried at the node before, or slept there, and that commutes with the one that
   * was made instead, would lead to what it has led to already. Sleeping is sound only where
   * nothing is left out for the bound's sake: a path that is asleep here may be one that was not
   * allowed there.
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
      if (races.commutesWithLastStep(execution, task)) {
        asleep |= 1L << task;
      }
    }
    return asleep;
  }

  /** The step of a task now and the earlier one could have come the other way round. */
  private void raced(int earlier, int task, long initials) {
    if (bound == UNBOUNDED) {
      path.get(earlier).alsoTryOneOf(initials);
      return;
    }
    tryAt(earlier, task);
    // To come before the earlier step costs a preemption there, which may be one too many; before
    // the row of steps it belongs to it costs none.
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

  /** Prepares the next path; false when there is none. */
  boolean advance() {
    depth = 0;
    races = new Races();
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
