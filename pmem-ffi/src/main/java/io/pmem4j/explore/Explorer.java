// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How to explore: a value. {@link #bounded} and {@link #exhaustive} are complete within what they
 * say; {@link #random} is for what is too large for that.
 *
 * <p>Thread-safe, being immutable; the runs of one exploration happen on the calling thread, or on
 * threads of their own where this JVM does not export {@code jdk.internal.vm}: see {@link
 * #usesContinuations}.
 */
public final class Explorer {
  private static final int MAX_STEPS = 10_000;
  private static final long MAX_SCHEDULES = 10_000_000;
  private static final int MAX_FINDINGS = 20;
  private static final int RANDOM_DEPTH = 3;

  /** Of a step that is located. */
  private static final int METHODS = 2;

  private final int preemptions;
  private final boolean reduces;
  private final boolean isRandom;
  private final long seed;
  private final int maxSteps;
  private final long maxSchedules;
  private final boolean stopsAtFirst;
  private final Set<String> seeded;
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
      Set<String> seeded,
      Predicate<Finding> ignored,
      Coroutine.Maker maker) {
    this.preemptions = preemptions;
    this.reduces = reduces;
    this.isRandom = isRandom;
    this.seed = seed;
    this.maxSteps = maxSteps;
    this.maxSchedules = maxSchedules;
    this.stopsAtFirst = stopsAtFirst;
    this.seeded = seeded;
    this.ignored = ignored;
    this.maker = maker;
  }

  /**
   * How often a schedule stops a task that could go on, at most: very large for {@link
   * #exhaustive}, 0 for {@link #random}, which goes by priorities.
   */
  public int preemptions() {
    return preemptions;
  }

  /**
   * Every schedule that stops a task which could go on at most this often. Most bugs need one or
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
        Set.of(),
        Explorer::isKnown,
        Coroutine.fastest());
  }

  /** Every schedule, up to the order of steps that commute. */
  public static Explorer exhaustive() {
    return new Explorer(
        DepthFirst.UNBOUNDED,
        true,
        false,
        0,
        MAX_STEPS,
        MAX_SCHEDULES,
        false,
        Set.of(),
        Explorer::isKnown,
        Coroutine.fastest());
  }

  /**
   * Random priorities; never complete.
   *
   * @param seed the same seed gives the same schedules
   * @param schedules how many
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
        Set.of(),
        Explorer::isKnown,
        Coroutine.fastest());
  }

  /**
   * With partial-order reduction, or without. It is sound only if tasks announce every access to
   * state they share: a point says what comes next, and two steps on different objects are taken to
   * commute.
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
        seeded,
        ignored,
        maker);
  }

  /** Steps after which a run counts as endless; 10,000 unless told. */
  public Explorer withMaxSteps(int steps) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        steps,
        maxSchedules,
        stopsAtFirst,
        seeded,
        ignored,
        maker);
  }

  /** Schedules after which the exploration ends without being complete. */
  public Explorer withMaxSchedules(long schedules) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        schedules,
        stopsAtFirst,
        seeded,
        ignored,
        maker);
  }

  /** Whether the first finding ends the exploration. */
  public Explorer stoppingAtFirst(boolean wanted) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        wanted,
        seeded,
        ignored,
        maker);
  }

  /** Plants faults, see {@link io.pmem4j.sched.Scheduler#seeded}. */
  public Explorer withSeeded(Set<String> faults) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        stopsAtFirst,
        Set.copyOf(faults),
        ignored,
        maker);
  }

  /** Goes on over findings that are known, as if there were none. */
  public Explorer ignoring(Predicate<Finding> known) {
    return new Explorer(
        preemptions,
        reduces,
        isRandom,
        seed,
        maxSteps,
        maxSchedules,
        stopsAtFirst,
        seeded,
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
        seeded,
        ignored,
        coroutines);
  }

  /**
   * Whether tasks are continuations on the calling thread rather than threads of their own, some
   * thirty times slower. Needs {@code --add-exports java.base/jdk.internal.vm=ALL-UNNAMED}, or
   * {@code =io.pmem4j.pmem} on the module path.
   */
  public static boolean usesContinuations() {
    return ContinuationCoroutine.AVAILABLE;
  }

  /** Nothing is known unless {@link #ignoring} is told. */
  private static boolean isKnown(Finding finding) {
    return false;
  }

  /** Explores. */
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

  /** Runs one schedule; what it finds, if anything. */
  public Optional<Finding> replay(Scenario scenario, Schedule schedule) {
    return Optional.ofNullable(execution().run(scenario, new Replay(schedule)));
  }

  /**
   * A finding of this explorer, with the methods that its steps are in and what they noted: runs
   * its schedule once more.
   *
   * @param named whether to name a method of a class, given the class's name; those of {@code
   *     io.pmem4j.sched}, of this package and of the JDK are never named
   */
  public Finding located(Scenario scenario, Finding finding, Predicate<String> named) {
    Execution execution =
        new Execution(maker, seeded, maxSteps, () -> CallSite.here(named, METHODS));
    Finding again = execution.run(scenario, new Replay(finding.schedule()));
    // What is not deterministic has no second time.
    return again == null || !again.isLike(finding)
        ? finding
        : new Finding(
            finding.kind(),
            finding.message(),
            finding.cause(),
            finding.schedule(),
            finding.tasks(),
            again.steps());
  }

  /** Runs one schedule; everything that was announced in it. */
  public Trace trace(Scenario scenario, Schedule schedule) {
    Execution execution = execution();
    Optional<Finding> finding = Optional.ofNullable(execution.run(scenario, new Replay(schedule)));
    return new Trace(execution.taskNames(), execution.allSteps(), finding);
  }

  private Execution execution() {
    return new Execution(maker, seeded, maxSteps, null);
  }

  /** What an exploration adds up. */
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

    /** Runs once; how many steps it took. */
    int run(Chooser chooser) {
      Execution execution = execution();
      Finding finding = run(execution, chooser);
      schedules++;
      steps += execution.steps();
      if (finding != null
          && !ignored.test(finding)
          && findings.stream().noneMatch(finding::isLike)) {
        findings.add(new Shrinker(Explorer.this, scenario).shrink(finding));
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
