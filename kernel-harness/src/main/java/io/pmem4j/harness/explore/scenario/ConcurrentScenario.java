// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Scenario;
import io.pmem4j.explore.Vocabulary;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Operations at the same time, each by a process of its own. */
final class ConcurrentScenario implements Scenario {
  private static final int SIGBUS = 7;

  private final ScratchImage image;
  private final FileLayout layout;
  private final ModelMount mount;
  private final List<ScenarioOperation> operations;
  private final boolean durability;

  /**
   * Creates a scenario.
   *
   * @param durability whether the promises of fsync and its like are judged
   */
  ConcurrentScenario(
      ScratchImage image,
      FileLayout layout,
      ModelMount mount,
      List<ScenarioOperation> operations,
      boolean durability) {
    this.image = image;
    this.layout = layout;
    this.mount = mount;
    this.operations = List.copyOf(operations);
    this.durability = durability;
  }

  @Override
  public Vocabulary vocabulary() {
    return new Ext2Vocabulary();
  }

  @Override
  public Run start(Scheduler scheduler) throws Exception {
    TwoFileFixture fixture =
        new TwoFileFixture(image, layout, scheduler, mount, operations.size(), durability);
    if (includes(OperationKind.NO_SPACE)) {
      fixture.fillDisk();
    }
    List<Task> tasks = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      int self = i;
      ScenarioOperation operation = operations.get(i);
      operation.prepare(fixture, fixture.processes().get(i));
      tasks.add(new Task(operation.label(), () -> run(self, fixture)));
    }
    return new Run() {
      @Override
      public List<Task> tasks() {
        return tasks;
      }

      @Override
      public void check() throws Throwable {
        CorruptionOracle damage = new CorruptionOracle(fixture, includes(OperationKind.TRUNCATES));
        damage.check();
        Set<Long> blocks = damage.blocksInUse();
        fixture.unmountAll();
        // Linux had nothing to tell it what mappings had stored before 4.5.
        if (!Lab.of(mount.instrumentation()).profile().holePages()
            && blocks.stream().anyMatch(image.lines()::isUnflushed)) {
          throw new DamageError(Damage.UNDURABLE_STORE);
        }
        String complaint = image.fsck();
        if (!complaint.isEmpty()) {
          throw DamageError.ofE2fsck(complaint);
        }
      }
    };
  }

  /** The same without any but the first task. */
  Scenario firstTaskOnly() {
    return scheduler -> {
      ScenarioOperation left = operations.getFirst();
      TwoFileFixture fixture = new TwoFileFixture(image, layout, scheduler, mount, 2, durability);
      if (left.kind() == OperationKind.NO_SPACE) {
        fixture.fillDisk();
      }
      left.prepare(fixture, fixture.firstProcess());
      Task task = new Task(left.label(), () -> left.run(fixture, fixture.firstProcess()));
      return () -> List.of(task);
    };
  }

  private boolean includes(OperationKind kind) {
    return operations.stream().anyMatch(each -> each.kind() == kind);
  }

  private boolean anotherTaskDoes(int self, OperationKind kind) {
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
  private void run(int self, TwoFileFixture fixture) throws Ext2Exception {
    ScenarioOperation operation = operations.get(self);
    boolean full = includes(OperationKind.NO_SPACE);
    try {
      fixture
          .promises()
          .operation(operation, () -> operation.run(fixture, fixture.processes().get(self)));
    } catch (SignalException e) {
      boolean expected =
          operation.mayRaiseSigbus() && (full || anotherTaskDoes(self, OperationKind.TRUNCATES));
      if (e.signo() != SIGBUS || !expected) {
        throw e;
      }
    } catch (Ext2Exception e) {
      boolean expected =
          (full && e.errno() == Errno.ENOSPC)
              || (anotherTaskDoes(self, OperationKind.REMOVES_NAME) && e.errno() == Errno.ENOENT);
      if (!expected) {
        throw e;
      }
    }
  }
}
