// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A scenario for the explorer whose tasks store to one memory, and which crashes: after each
 * interleaving all crash states of its trace are checked, at every point. Each access of the memory
 * is a yield point. A thread that makes durable what depends on another's store that is not durable
 * is a finding of its own.
 *
 * <p>Many interleavings have equal traces. A trace that has passed is not checked again, as its
 * states and acknowledgements are the same. Used by one explorer at a time.
 */
public final class CrashScenario implements Scenario {
  private final Settings settings;
  private final Tasks tasks;
  private final CrashCheck check;
  private final Set<String> passed = new HashSet<>();

  /** The memory of a scenario, and its limits; no scenario changes its own. */
  private static final class Settings {
    private final long bytes;
    private final CrashMode mode;
    private Consumer<PersistentMemory> preparation = _ -> {};
    private boolean insideRecovery = true;
    private long atMost = CrashStates.AT_MOST;
    private boolean byCheckAlone;
    private Set<Scheduler.Point> yields = EnumSet.allOf(Scheduler.Point.class);

    Settings(long bytes, CrashMode mode) {
      this.bytes = bytes;
      this.mode = mode;
    }

    Settings copy() {
      Settings copy = new Settings(bytes, mode);
      copy.preparation = preparation;
      copy.insideRecovery = insideRecovery;
      copy.atMost = atMost;
      copy.byCheckAlone = byCheckAlone;
      copy.yields = yields;
      return copy;
    }
  }

  private CrashScenario(Settings settings, Tasks tasks, CrashCheck check) {
    this.settings = settings;
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
     * @throws Exception ends the exploration
     */
    @SuppressWarnings("exports") // as in Scenario
    List<Task> make(RecordedMemory memory, Scheduler scheduler) throws Exception;
  }

  /**
   * Returns a scenario.
   *
   * @param bytes size of the memory
   * @param check run on each crash state of each interleaving
   */
  public static CrashScenario of(long bytes, CrashMode mode, Tasks tasks, CrashCheck check) {
    return new CrashScenario(new Settings(bytes, mode), tasks, check);
  }

  /**
   * Returns the same scenario with a memory that is not zeros at its begin.
   *
   * @param content stores the content; all of it is durable, and it does not crash
   */
  public CrashScenario prepared(Consumer<PersistentMemory> content) {
    return with(settings -> settings.preparation = content);
  }

  /** Returns the same scenario with crashes inside recovery, or without. */
  public CrashScenario insideRecovery(boolean wanted) {
    return with(settings -> settings.insideRecovery = wanted);
  }

  /**
   * Returns the same scenario with a limit of states at one point of a crash, beyond which a sample
   * is tried.
   *
   * @param states 2 or more
   */
  public CrashScenario atMost(long states) {
    if (states < 2) {
      throw new IllegalArgumentException("limit of states: " + states + ", at least 2 needed");
    }
    return with(settings -> settings.atMost = states);
  }

  /**
   * Returns the same scenario, judged by the check alone: what one thread makes durable may depend
   * on a store of another one that is not, as the counters of a file system do.
   */
  public CrashScenario byCheckAlone() {
    return with(settings -> settings.byCheckAlone = true);
  }

  /**
   * Returns the same scenario in which tasks switch at locks and shared state only, not at accesses
   * of the memory: for code that stores inside a monitor, where no task can stop. What one task has
   * stored and not drained is pending in the crash states of the other one all the same.
   */
  public CrashScenario switchingAtLocks() {
    return with(settings -> settings.yields = EnumSet.noneOf(Scheduler.Point.class));
  }

  /**
   * Returns the same scenario in which tasks switch at locks, at shared state and before flushes,
   * not at other accesses of the memory. So one task runs between two epochs of the other, even
   * where that one holds a lock. The code flushes inside no monitor.
   */
  public CrashScenario switchingAtFlushes() {
    return with(settings -> settings.yields = EnumSet.of(Scheduler.Point.PERSIST));
  }

  private CrashScenario with(Consumer<Settings> change) {
    Settings changed = settings.copy();
    change.accept(changed);
    return new CrashScenario(changed, tasks, check);
  }

  @Override
  @SuppressWarnings("exports") // as in Scenario
  public Run start(Scheduler scheduler) throws Exception {
    HeapMemory content = new HeapMemory(settings.bytes, settings.mode.granularity());
    settings.preparation.accept(content);
    RecordedMemory memory = RecordedMemory.over(content, scheduler, settings.yields);
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
    String digest = digest(trace);
    if (passed.contains(digest)) {
      return;
    }
    CrashMode mode = settings.mode;
    if (!settings.byCheckAlone) {
      for (CrashFinding rule : DurabilityRules.check(trace, mode)) {
        if (rule.kind() != CrashFinding.Kind.REDUNDANT_FLUSH) {
          throw new CrashFoundError(rule.message(), List.of(rule));
        }
      }
    }
    CrashReport report =
        CrashStates.of(trace)
            .mode(mode)
            .atMost(settings.atMost)
            .insideRecovery(settings.insideRecovery)
            .checkToFirst(check);
    if (!report.passed()) {
      CrashFinding finding = report.findings().get(0);
      throw new CrashFoundError(
          "crash before " + finding.site() + ": " + finding.message(), report.findings());
    }
    passed.add(digest);
  }

  /** Returns a name of all events that a judgement depends on; loads matter to the rules only. */
  private String digest(StoreTrace trace) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
    for (TraceEvent event : trace.events()) {
      if (event.kind() != TraceEvent.Kind.LOAD || !settings.byCheckAlone) {
        String fields =
            "%s %d %s %s %d %d\n"
                .formatted(
                    event.kind(),
                    event.thread(),
                    event.order(),
                    event.call(),
                    event.offset(),
                    event.length());
        digest.update(fields.getBytes(StandardCharsets.UTF_8));
        digest.update(event.bytes());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
