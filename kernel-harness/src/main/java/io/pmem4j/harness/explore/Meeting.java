// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Scenario;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Operations at the same time, each by a process of its own. */
final class Meeting implements Scenario {
  private static final int SIGBUS = 7;

  private final Medium medium;
  private final Shape shape;
  private final MountOptions options;
  private final List<Operation> operations;
  private final boolean durability;

  /**
   * A meeting.
   *
   * @param durability whether the promises of fsync and its like are judged
   */
  Meeting(
      Medium medium,
      Shape shape,
      MountOptions options,
      List<Operation> operations,
      boolean durability) {
    this.medium = medium;
    this.shape = shape;
    this.options = options;
    this.operations = List.copyOf(operations);
    this.durability = durability;
  }

  @Override
  public Run start(Scheduler scheduler) throws Exception {
    World world = new World(medium, shape, scheduler, options, operations.size(), durability);
    if (isThere(OperationKind.NO_SPACE)) {
      world.fillUp();
    }
    List<Task> tasks = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      int self = i;
      Operation operation = operations.get(i);
      operation.prepare(world, world.users().get(i));
      tasks.add(new Task(operation.label(), () -> run(self, world)));
    }
    return new Run() {
      @Override
      public List<Task> tasks() {
        return tasks;
      }

      @Override
      public void check() throws Throwable {
        Damage damage = new Damage(world, isThere(OperationKind.SHRINKS));
        damage.check();
        Set<Long> blocks = damage.blocksInUse();
        world.leave();
        // Linux had nothing to tell it what mappings had stored before 4.5.
        if (!options.profile().holePages()
            && blocks.stream().anyMatch(medium.lines()::isUnflushed)) {
          throw new AssertionError("a store is not durable after the file system was unmounted");
        }
        String complaint = medium.judge();
        if (!complaint.isEmpty()) {
          throw new AssertionError("e2fsck: " + complaint);
        }
      }
    };
  }

  /** The same without any but the first task. */
  Scenario leftAlone() {
    return scheduler -> {
      Operation left = operations.getFirst();
      World world = new World(medium, shape, scheduler, options, 2, durability);
      if (left.kind() == OperationKind.NO_SPACE) {
        world.fillUp();
      }
      left.prepare(world, world.left());
      Task task = new Task(left.label(), () -> left.run(world, world.left()));
      return () -> List.of(task);
    };
  }

  private boolean isThere(OperationKind kind) {
    return operations.stream().anyMatch(each -> each.kind() == kind);
  }

  private boolean isThereBeside(int self, OperationKind kind) {
    for (int i = 0; i < operations.size(); i++) {
      if (i != self && operations.get(i).kind() == kind) {
        return true;
      }
    }
    return false;
  }

  /**
   * A bus error is an answer where another task takes the page away, or no block is left; so is
   * ENOSPC then, and ENOENT where another takes the name away.
   */
  private void run(int self, World world) throws Ext2Exception {
    Operation operation = operations.get(self);
    boolean full = isThere(OperationKind.NO_SPACE);
    try {
      world.promises().operation(operation, () -> operation.run(world, world.users().get(self)));
    } catch (SignalException e) {
      boolean expected =
          operation.mayFault() && (full || isThereBeside(self, OperationKind.SHRINKS));
      if (e.signo() != SIGBUS || !expected) {
        throw e;
      }
    } catch (Ext2Exception e) {
      boolean expected =
          (full && e.errno() == Errno.ENOSPC)
              || (isThereBeside(self, OperationKind.GOES) && e.errno() == Errno.ENOENT);
      if (!expected) {
        throw e;
      }
    }
  }
}
