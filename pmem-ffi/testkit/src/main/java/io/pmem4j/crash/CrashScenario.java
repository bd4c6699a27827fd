// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.function.Consumer;

/**
 * A scenario for the explorer whose tasks store to one memory, and which crashes: after each
 * interleaving all crash states of its trace are checked, at every point. Each access of the memory
 * is a yield point. A thread that makes durable what depends on another's store that is not durable
 * is a finding of its own.
 */
public final class CrashScenario implements Scenario {
  private final long bytes;
  private final CrashMode mode;
  private final Consumer<PersistentMemory> preparation;
  private final Tasks tasks;
  private final CrashCheck check;
  private final boolean insideRecovery;

  private CrashScenario(
      long bytes,
      CrashMode mode,
      Consumer<PersistentMemory> preparation,
      Tasks tasks,
      CrashCheck check,
      boolean insideRecovery) {
    this.bytes = bytes;
    this.insideRecovery = insideRecovery;
    this.mode = mode;
    this.preparation = preparation;
    this.tasks = tasks;
    this.check = check;
  }

  /** Makes the tasks of one run. */
  @FunctionalInterface
  public interface Tasks {
    /**
     * Makes fresh state and two tasks or more over it.
     *
     * @param memory as it was prepared, or zeros; its accesses are yield points
     * @param scheduler for locks
     */
    @SuppressWarnings("exports") // as in Scenario
    List<Task> make(RecordedMemory memory, Scheduler scheduler);
  }

  /**
   * Returns a scenario.
   *
   * @param bytes size of the memory
   * @param check run on each crash state of each interleaving
   */
  public static CrashScenario of(long bytes, CrashMode mode, Tasks tasks, CrashCheck check) {
    return new CrashScenario(bytes, mode, _ -> {}, tasks, check, true);
  }

  /**
   * Returns the same scenario with a memory that is not zeros at its begin.
   *
   * @param content stores the content; all of it is durable, and it does not crash
   */
  public CrashScenario prepared(Consumer<PersistentMemory> content) {
    return new CrashScenario(bytes, mode, content, tasks, check, insideRecovery);
  }

  /** Returns the same scenario with crashes inside recovery, or without. */
  public CrashScenario insideRecovery(boolean wanted) {
    return new CrashScenario(bytes, mode, preparation, tasks, check, wanted);
  }

  @Override
  @SuppressWarnings("exports") // as in Scenario
  public Run start(Scheduler scheduler) {
    HeapMemory content = new HeapMemory(bytes, mode.granularity());
    preparation.accept(content);
    RecordedMemory memory = RecordedMemory.over(content, scheduler);
    List<Task> made = tasks.make(memory, scheduler);
    return new Run() {
      @Override
      public List<Task> tasks() {
        return made;
      }

      @Override
      public void check() {
        judge(memory.trace());
      }
    };
  }

  private void judge(StoreTrace trace) {
    for (CrashFinding rule : DurabilityRules.check(trace, mode)) {
      if (rule.kind() != CrashFinding.Kind.REDUNDANT_FLUSH) {
        throw new CrashFoundError(rule.message(), List.of(rule));
      }
    }
    CrashReport report =
        CrashStates.of(trace).mode(mode).insideRecovery(insideRecovery).checkToFirst(check);
    if (!report.passed()) {
      CrashFinding finding = report.findings().get(0);
      throw new CrashFoundError(
          "crash before " + finding.site() + ": " + finding.message(), report.findings());
    }
  }
}
