// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Scenario;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.Set;

/** Two operations at the same time. */
final class Pair implements Scenario {
  private static final int SIGBUS = 7;

  private final Medium medium;
  private final Shape shape;
  private final MountOptions options;
  private final Operation left;
  private final Operation right;

  Pair(Medium medium, Shape shape, MountOptions options, Operation left, Operation right) {
    this.medium = medium;
    this.shape = shape;
    this.options = options;
    this.left = left;
    this.right = right;
  }

  @Override
  public Run start(Scheduler scheduler) throws Exception {
    World world = new World(medium, shape, scheduler, options);
    if (left.kind() == Operation.Kind.NO_SPACE || right.kind() == Operation.Kind.NO_SPACE) {
      world.fillUp();
    }
    left.prepare(world, world.left);
    right.prepare(world, world.right);
    List<Task> tasks =
        List.of(
            new Task(left.label(), () -> run(left, right, world, world.left)),
            new Task(right.label(), () -> run(right, left, world, world.right)));
    return new Run() {
      @Override
      public List<Task> tasks() {
        return tasks;
      }

      @Override
      public void check() throws Throwable {
        Damage damage = new Damage(world, mayShrink());
        damage.check();
        Set<Long> blocks = damage.blocksInUse();
        world.leave();
        // Linux had nothing to tell it what mappings had stored before 4.5.
        if (!options.profile().holePages() && blocks.stream().anyMatch(medium::isUnflushed)) {
          throw new AssertionError("a store is not durable after the file system was unmounted");
        }
        String complaint = medium.judge();
        if (!complaint.isEmpty()) {
          throw new AssertionError("e2fsck: " + complaint);
        }
      }
    };
  }

  /** The same without the second task. */
  Scenario leftAlone() {
    return scheduler -> {
      World world = new World(medium, shape, scheduler, options);
      if (left.kind() == Operation.Kind.NO_SPACE) {
        world.fillUp();
      }
      left.prepare(world, world.left);
      Task task = new Task(left.label(), () -> left.run(world, world.left));
      return () -> List.of(task);
    };
  }

  private boolean mayShrink() {
    return left.kind() == Operation.Kind.SHRINKS || right.kind() == Operation.Kind.SHRINKS;
  }

  /**
   * A bus error is an answer where another task takes the page away, or no block is left; so is
   * ENOSPC then, and ENOENT where another takes the name away.
   */
  private static void run(Operation operation, Operation other, World world, World.User self)
      throws Ext2Exception {
    boolean full =
        operation.kind() == Operation.Kind.NO_SPACE || other.kind() == Operation.Kind.NO_SPACE;
    try {
      operation.run(world, self);
    } catch (SignalException e) {
      boolean expected =
          operation.kind() == Operation.Kind.FAULT
              && (full || other.kind() == Operation.Kind.SHRINKS);
      if (e.signo() != SIGBUS || !expected) {
        throw e;
      }
    } catch (Ext2Exception e) {
      boolean expected =
          (full && e.errno() == Errno.ENOSPC)
              || (other.kind() == Operation.Kind.GOES && e.errno() == Errno.ENOENT);
      if (!expected) {
        throw e;
      }
    }
  }
}
