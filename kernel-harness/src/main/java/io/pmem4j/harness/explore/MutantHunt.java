// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.LinearRunner;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import io.pmem4j.harness.mutant.Killer;
import io.pmem4j.harness.mutant.ScenarioScore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Function;

/**
 * Explores a scenario until the first finding, in order and at random. Runs in the loader of a
 * mutant; findings that the real sources have too do not count.
 */
public final class MutantHunt implements Function<Killer.Scenario, ScenarioScore> {
  /** Searches at random, which say how rare a fault is: the search in order decides. */
  private static final int SEEDS = Integer.getInteger("pmem4j.score.seeds", 5);

  private static final int RANDOM_SCHEDULES = 2000;

  /** Creates a hunt; the loader of a mutant calls it. */
  public MutantHunt() {}

  /** Returns the number of random searches, and the bound on the schedules of each, in words. */
  static String effort() {
    return "%d seeds, of at most %,d".formatted(SEEDS, RANDOM_SCHEDULES);
  }

  @Override
  public ScenarioScore apply(Killer.Scenario killer) {
    Profile profile = Profile.valueOf(killer.profile());
    try (Target target = target(killer.scenario(), profile)) {
      Exploration inOrder = target.explore(firstOf(Explorer.bounded(killer.preemptions()), target));
      long random = 0;
      int lost = 0;
      for (int seed = 1; seed <= SEEDS; seed++) {
        Exploration atRandom =
            target.explore(firstOf(Explorer.random(seed, RANDOM_SCHEDULES), target));
        random += atRandom.schedules();
        lost += atRandom.findings().isEmpty() ? 1 : 0;
      }
      return new ScenarioScore(
          inOrder.schedules(),
          inOrder.findings().isEmpty() ? null : inOrder.findings().getFirst().message(),
          random,
          SEEDS,
          lost,
          target.imagesChecked());
    } catch (AssertionError beforeAnyTask) {
      // The files are made, and every schedule begins, on the mutant too.
      String finding = "the preparation: " + beforeAnyTask.getMessage();
      return new ScenarioScore(1, finding, SEEDS, SEEDS, 0, 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the explorer of one finding, whose schedule nobody reads. */
  private static Explorer firstOf(Explorer explorer, Target target) {
    return explorer.stoppingAtFirst(true).shrinking(false).ignoring(target::knows);
  }

  /** A scenario of processes or of threads, on handlers under the merged order. */
  private interface Target extends AutoCloseable {
    Exploration explore(Explorer explorer) throws IOException;

    boolean knows(Finding finding);

    int imagesChecked();

    @Override
    void close();
  }

  private static Target target(String name, Profile profile) {
    return name.startsWith(LinearSweep.PREFIX)
        ? new Threads(
            name.substring(LinearSweep.PREFIX.length()),
            LinearRunner.open(profile, LockOrder.MERGED))
        : new Processes(
            ScenarioCatalog.find(name)
                .orElseThrow(() -> new IllegalArgumentException("unknown scenario '" + name + "'")),
            profile,
            ScenarioRunner.open(profile, LockOrder.MERGED));
  }

  private record Threads(String pair, LinearRunner runner) implements Target {
    @Override
    public Exploration explore(Explorer explorer) throws IOException {
      return runner.explore(pair, explorer);
    }

    @Override
    public boolean knows(Finding finding) {
      return false;
    }

    @Override
    public int imagesChecked() {
      return runner.imagesChecked();
    }

    @Override
    public void close() {
      runner.close();
    }
  }

  private record Processes(NamedScenario scenario, Profile profile, ScenarioRunner runner)
      implements Target {
    @Override
    public Exploration explore(Explorer explorer) throws IOException {
      return runner.explore(scenario, explorer);
    }

    @Override
    public boolean knows(Finding finding) {
      return KnownFinding.of(profile, LockOrder.MERGED, scenario, finding).isPresent();
    }

    @Override
    public int imagesChecked() {
      return runner.imagesChecked();
    }

    @Override
    public void close() {
      runner.close();
    }
  }
}
