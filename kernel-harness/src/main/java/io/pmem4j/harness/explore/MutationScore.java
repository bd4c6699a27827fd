// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.harness.mutant.Killer;
import io.pmem4j.harness.mutant.Mutant;
import io.pmem4j.harness.mutant.MutantCompiler;
import io.pmem4j.harness.mutant.MutantLoader;
import io.pmem4j.harness.mutant.ScenarioScore;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** The number of schedules up to the death of each mutant that a scenario kills. */
public final class MutationScore {
  private static final String ROW = "%-30s %-32s %10s %10s  %s%n";
  private static final int USUAL_PREEMPTIONS = 2;

  private final PrintWriter out;
  private final List<Killer.Scenario> deeper = new ArrayList<>();
  private long schedules;
  private int images;
  private int scenarios;
  private int survivors;

  /**
   * Creates an empty score.
   *
   * @param out gets a line for each mutant and scenario
   */
  public MutationScore(PrintWriter out) {
    this.out = out;
  }

  /**
   * Runs the scenarios of every mutant, several mutants at once. The sweep holds if no mutant
   * survives; its findings remain in the loaders of the mutants.
   */
  public SweepResult run(List<Mutant> mutants) throws IOException, InterruptedException {
    out.printf(ROW, "mutant", "scenario", "in order", "at random", "killed by");
    try (MutantCompiler compiler = new MutantCompiler();
        ExecutorService workers =
            Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      List<Future<List<ScenarioScore>>> scores = new ArrayList<>();
      for (Mutant mutant : mutants) {
        scores.add(workers.submit(() -> scores(compiler, mutant)));
      }
      for (int i = 0; i < scores.size(); i++) {
        add(mutants.get(i), scores.get(i).get());
        out.flush();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a scenario of a mutant cannot run: " + e.getCause(), e);
    }
    out.printf(
        "in order: schedules of the depth-first search with at most %d preemptions%s up to the"
            + " first finding; at random: their mean over %s%n",
        USUAL_PREEMPTIONS,
        deeper.stream()
            .map(each -> " (" + each.scenario() + ": " + each.preemptions() + ")")
            .collect(Collectors.joining()),
        MutantHunt.effort());
    return new SweepResult(survivors == 0, scenarios, schedules, List.of(), survivors, images);
  }

  private static List<Killer.Scenario> killers(Mutant mutant) {
    return mutant.killers().stream()
        .filter(Killer.Scenario.class::isInstance)
        .map(Killer.Scenario.class::cast)
        .toList();
  }

  private static List<ScenarioScore> scores(MutantCompiler compiler, Mutant mutant)
      throws IOException {
    if (killers(mutant).isEmpty()) {
      return List.of();
    }
    try (MutantLoader loader = MutantLoader.of(mutant, compiler.compile(mutant), List.of())) {
      return killers(mutant).stream()
          .map(killer -> loader.apply(MutantHunt.class, killer))
          .toList();
    }
  }

  private void add(Mutant mutant, List<ScenarioScore> scores) {
    List<Killer.Scenario> killers = killers(mutant);
    for (int i = 0; i < scores.size(); i++) {
      add(mutant, killers.get(i), scores.get(i));
    }
    if (!scores.isEmpty()) {
      out.println("    " + mutant.origin() + ": " + mutant.reason());
    }
  }

  private void add(Mutant mutant, Killer.Scenario killer, ScenarioScore score) {
    scenarios++;
    schedules += score.inOrder() + score.atRandom();
    images += score.images();
    survivors += score.killed() ? 0 : 1;
    if (killer.preemptions() != USUAL_PREEMPTIONS) {
      deeper.add(killer);
    }
    String lost = score.lost() == 0 ? "" : score.lost() + " lost, ";
    String finding = score.finding();
    out.printf(
        ROW,
        mutant.name(),
        killer.scenario(),
        finding == null ? "SURVIVES" : score.inOrder(),
        lost + score.atRandom() / score.seeds(),
        finding == null ? "" : finding);
  }
}
