// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A search strategy over the schedules of a scenario. {@link #bounded} and {@link #exhaustive} are
 * complete within their limits. {@link #random} is for scenarios that are too large for that.
 *
 * <p>Immutable and thread-safe. The runs of one exploration happen on the calling thread. Where
 * this JVM does not export {@code jdk.internal.vm}, each task has a thread: see {@link
 * #usesContinuations}.
 */
public final class Explorer {
  private static final int MAX_STEPS = 10_000;
  private static final long MAX_SCHEDULES = 10_000_000;
  private static final int MAX_FINDINGS = 20;
  private static final int RANDOM_DEPTH = 3;

  /** The limit of methods named for an annotated step. */
  private static final int METHODS = 2;

  private final int preemptions;
  private final boolean reduces;
  private final boolean isRandom;
  private final long seed;
  private final int maxSteps;
  private final long maxSchedules;
  private final boolean stopsAtFirst;
  private final boolean shrinks;
  private final Predicate<Finding> ignored;
  private final Coroutine.Maker maker;

  private Explorer(
      int preemptions,
      boolean reduces,
      boolean isRandom,
      long seed,
      int maxSteps,
      long maxSchedules,
      boolean stopsAtFirst,
      boolean shrinks,
      Predicate<Finding> ignored,
      Coroutine.Maker maker) {
    this.preemptions = preemptions;
    this.reduces = reduces;
    this.isRandom = isRandom;
    this.seed = seed;
    this.maxSteps = maxSteps;
    this.maxSchedules = maxSchedules;
    this.stopsAtFirst = stopsAtFirst;
    this.shrinks = shrinks;
    this.ignored = ignored;
    this.maker = maker;
  }

  /**
   * Returns the limit of preemptions in a schedule: very large for {@link #exhaustive}, 0 for
   * {@link #random}, which goes by priorities.
   */
  public int preemptions() {
    return preemptions;
  }

  /**
   * Returns an explorer of every schedule with at most this many preemptions. Most bugs need one or
   * two.
   *
   * @param preemptions 0 or more
   */
  public static Explorer bounded(int preemptions) {
    if (preemptions < 0) {
      throw new IllegalArgumentException("preemptions: " + preemptions);
    }
    return new Explorer(
        preemptions,
        false,
        false,
        0,
        MAX_STEPS,
        MAX_SCHEDULES,
        false,
        true,
        Explorer::isKnown,
        Coroutine.fastest());
  }

  /** Returns an explorer of every schedule, up to the order of steps that commute. */
  public static Explorer exhaustive() {
    return new Explorer(
        DepthFirst.UNBOUNDED,
        true,
        false,
        0,
        MAX_STEPS,
        MAX_SCHEDULES,
        false,
        true,
        Explorer::isKnown,
        Coroutine.fastest());
  }

  /**
   * Returns an explorer with random priorities; it is never complete.
   *
   * @param seed the same seed gives the same schedules
   * @param schedules number of runs
   */
  public static Explorer random(long seed, long schedules) {
    return new Explorer(
        0,
        false,
        true,
        seed,
        MAX_STEPS,
        schedules,
        false,
        true,
        Explorer::isKnown,
        Coroutine.fastest());
  }

  /**
   * Returns a copy with partial-order reduction, or without. Reduction is sound only if tasks
   * announce every access to shared state: two steps on different objects count as commuting.
   */
  public Explorer withReduction(boolean wanted) {
    return new Explorer(
        preemptions,
        wanted,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        stopsAtFirst,
        shrinks,
        ignored,
        maker);
  }

  /** Returns a copy with another step limit, at which a run is a livelock; 10,000 by default. */
  public Explorer withMaxSteps(int steps) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        steps,
        maxSchedules,
        stopsAtFirst,
        shrinks,
        ignored,
        maker);
  }

  /** Returns a copy that ends incomplete after this many schedules. */
  public Explorer withMaxSchedules(long schedules) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        schedules,
        stopsAtFirst,
        shrinks,
        ignored,
        maker);
  }

  /** Returns a copy that ends at the first finding, or does not. */
  public Explorer stoppingAtFirst(boolean wanted) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        wanted,
        shrinks,
        ignored,
        maker);
  }

  /**
   * Returns a copy that shortens the schedule of each finding, as an explorer does by default, or
   * reports it as it was met. To shorten it takes up to some hundred runs, which are not counted.
   */
  public Explorer shrinking(boolean wanted) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        stopsAtFirst,
        wanted,
        ignored,
        maker);
  }

  /** Returns a copy that goes on past known findings and does not report them. */
  public Explorer ignoring(Predicate<Finding> known) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        stopsAtFirst,
        shrinks,
        known,
        maker);
  }

  Explorer with(Coroutine.Maker coroutines) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        stopsAtFirst,
        shrinks,
        ignored,
        coroutines);
  }

  /**
   * Returns true if tasks are continuations on the calling thread, and false if they are threads,
   * which are much slower. Continuations need {@code --add-exports
   * java.base/jdk.internal.vm=ALL-UNNAMED}, or {@code =io.pmem4j.testkit} on the module path. The
   * first exploration without them logs that flag once, as a warning.
   */
  public static boolean usesContinuations() {
    return ContinuationCoroutine.AVAILABLE;
  }

  /** Returns false: no finding is known unless {@link #ignoring} says so. */
  private static boolean isKnown(Finding finding) {
    return false;
  }

  /** Explores a scenario with this strategy. */
  public Exploration explore(Scenario scenario) {
    return isRandom ? randomly(scenario) : depthFirst(scenario);
  }

  private Exploration depthFirst(Scenario scenario) {
    long start = System.nanoTime();
    Tally tally = new Tally(scenario);
    DepthFirst chooser = new DepthFirst(preemptions, reduces);
    boolean more = true;
    while (more && tally.goesOn()) {
      tally.run(chooser);
      more = chooser.advance();
    }
    return tally.exploration(!more, start);
  }

  private Exploration randomly(Scenario scenario) {
    long start = System.nanoTime();
    Tally tally = new Tally(scenario);
    int length = 1;
    for (long i = 0; tally.goesOn(); i++) {
      length = Math.max(length, tally.run(new RandomPriority(seed + i, RANDOM_DEPTH, length)));
    }
    return tally.exploration(false, start);
  }

  /** Runs one schedule; returns its finding, if there is one. */
  public Optional<Finding> replay(Scenario scenario, Schedule schedule) {
    return Optional.ofNullable(execution().run(scenario, new Replay(schedule)));
  }

  /**
   * Returns a finding of this explorer with the methods and notes of its steps. Runs its schedule
   * once more.
   *
   * @param named true for the names of classes whose methods are shown. Methods of {@code
   *     io.pmem4j.sched}, of this package and of the JDK are never shown
   */
  public Finding annotate(Scenario scenario, Finding finding, Predicate<String> named) {
    Execution execution = new Execution(maker, maxSteps, () -> CallSite.here(named, METHODS));
    Finding again = execution.run(scenario, new Replay(finding.schedule()));
    // A scenario that is not deterministic may fail in another way the second time.
    return again == null || !again.sameAs(finding)
        ? finding
        : new Finding(
            finding.kind(),
            finding.message(),
            finding.cause(),
            finding.schedule(),
            finding.tasks(),
            again.steps());
  }

  /** Runs one schedule; returns all its steps. */
  public Trace trace(Scenario scenario, Schedule schedule) {
    Execution execution = execution();
    Optional<Finding> finding = Optional.ofNullable(execution.run(scenario, new Replay(schedule)));
    return new Trace(execution.taskNames(), execution.allSteps(), finding);
  }

  private Execution execution() {
    return new Execution(maker, maxSteps, null);
  }

  /** The running totals of an exploration. */
  private final class Tally {
    private final Scenario scenario;
    private final List<Finding> findings = new ArrayList<>();
    private long schedules;
    private long steps;

    Tally(Scenario scenario) {
      this.scenario = scenario;
    }

    boolean goesOn() {
      return schedules < maxSchedules
          && findings.size() < MAX_FINDINGS
          && !(stopsAtFirst && !findings.isEmpty());
    }

    /** Runs once; returns the number of steps. */
    int run(Chooser chooser) {
      Execution execution = execution();
      Finding finding = run(execution, chooser);
      schedules++;
      steps += execution.steps();
      if (finding != null
          && !ignored.test(finding)
          && findings.stream().noneMatch(finding::sameAs)) {
        findings.add(
            shrinks ? new ScheduleShrinker(Explorer.this, scenario).shrink(finding) : finding);
      }
      return execution.steps();
    }

    private @Nullable Finding run(Execution execution, Chooser chooser) {
      try {
        return execution.run(scenario, chooser);
      } catch (NotDeterministic e) {
        return execution.finding(Finding.Kind.NOT_DETERMINISTIC, String.valueOf(e.getMessage()), e);
      }
    }

    Exploration exploration(boolean complete, long start) {
      return new Exploration(schedules, steps, complete, findings, System.nanoTime() - start);
    }
  }
}
