// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
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

  private final Strategy strategy;

  private Explorer(Strategy strategy) {
    this.strategy = strategy;
  }

  /** The parts of an explorer: nothing changes them once it has them. */
  private static final class Strategy {
    private int preemptions;
    private boolean reduces;
    private boolean isRandom;
    private long seed;
    private int maxSteps = MAX_STEPS;
    private long maxSchedules = MAX_SCHEDULES;
    private boolean stopsAtFirst;
    private boolean shrinks = true;
    private Predicate<Finding> ignored = Explorer::isKnown;
    private Coroutine.Maker maker = Coroutine.fastest();

    private Strategy() {}

    private Strategy(Strategy from) {
      preemptions = from.preemptions;
      reduces = from.reduces;
      isRandom = from.isRandom;
      seed = from.seed;
      maxSteps = from.maxSteps;
      maxSchedules = from.maxSchedules;
      stopsAtFirst = from.stopsAtFirst;
      shrinks = from.shrinks;
      ignored = from.ignored;
      maker = from.maker;
    }
  }

  private static Explorer of(Strategy from, Consumer<Strategy> change) {
    Strategy strategy = new Strategy(from);
    change.accept(strategy);
    return new Explorer(strategy);
  }

  /**
   * Returns the limit of preemptions in a schedule: very large for {@link #exhaustive}, 0 for
   * {@link #random}, which goes by priorities.
   */
  public int preemptions() {
    return strategy.preemptions;
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
    return of(new Strategy(), strategy -> strategy.preemptions = preemptions);
  }

  /** Returns an explorer of every schedule, up to the order of steps that commute. */
  public static Explorer exhaustive() {
    return bounded(DepthFirst.UNBOUNDED).withReduction(true);
  }

  /**
   * Returns an explorer with random priorities; it is never complete.
   *
   * @param seed the same seed gives the same schedules
   * @param schedules number of runs
   */
  public static Explorer random(long seed, long schedules) {
    return of(
        new Strategy(),
        strategy -> {
          strategy.isRandom = true;
          strategy.seed = seed;
          strategy.maxSchedules = schedules;
        });
  }

  /**
   * Returns a copy with partial-order reduction, or without. Reduction is sound only if tasks
   * announce every access to shared state: two steps on different objects count as commuting.
   */
  public Explorer withReduction(boolean wanted) {
    return of(strategy, copy -> copy.reduces = wanted);
  }

  /** Returns a copy with another step limit, at which a run is a livelock; 10,000 by default. */
  public Explorer withMaxSteps(int steps) {
    return of(strategy, copy -> copy.maxSteps = steps);
  }

  /** Returns a copy that ends incomplete after this many schedules. */
  public Explorer withMaxSchedules(long schedules) {
    return of(strategy, copy -> copy.maxSchedules = schedules);
  }

  /** Returns a copy that ends at the first finding, or does not. */
  public Explorer stoppingAtFirst(boolean wanted) {
    return of(strategy, copy -> copy.stopsAtFirst = wanted);
  }

  /**
   * Returns a copy that shortens the schedule of each finding, as an explorer does by default, or
   * reports it as it was met. To shorten it takes up to some hundred runs, which are not counted.
   */
  public Explorer shrinking(boolean wanted) {
    return of(strategy, copy -> copy.shrinks = wanted);
  }

  /** Returns a copy that goes on past known findings and does not report them. */
  public Explorer ignoring(Predicate<Finding> known) {
    return of(strategy, copy -> copy.ignored = known);
  }

  Explorer with(Coroutine.Maker coroutines) {
    return of(strategy, copy -> copy.maker = coroutines);
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
    return strategy.isRandom ? randomly(scenario) : depthFirst(scenario);
  }

  private Exploration depthFirst(Scenario scenario) {
    long start = System.nanoTime();
    Tally tally = new Tally(scenario);
    DepthFirst chooser = new DepthFirst(strategy.preemptions, strategy.reduces);
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
      length =
          Math.max(length, tally.run(new RandomPriority(strategy.seed + i, RANDOM_DEPTH, length)));
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
    Execution execution =
        new Execution(strategy.maker, strategy.maxSteps, () -> CallSite.here(named, METHODS));
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
    return new Execution(strategy.maker, strategy.maxSteps, null);
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
      return schedules < strategy.maxSchedules
          && findings.size() < MAX_FINDINGS
          && !(strategy.stopsAtFirst && !findings.isEmpty());
    }

    /** Runs once; returns the number of steps. */
    int run(Chooser chooser) {
      Execution execution = execution();
      Finding finding = run(execution, chooser);
      schedules++;
      steps += execution.steps();
      if (finding != null
          && !strategy.ignored.test(finding)
          && findings.stream().noneMatch(finding::sameAs)) {
        findings.add(
            strategy.shrinks
                ? new ScheduleShrinker(Explorer.this, scenario).shrink(finding)
                : finding);
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
