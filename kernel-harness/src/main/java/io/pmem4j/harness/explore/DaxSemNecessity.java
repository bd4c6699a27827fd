// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.harness.explore.scenario.ImageState;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The question that the letter of 2015 left open: do other cases need {@code dax_sem}? The cases
 * are derived, not listed: each operation runs alone, and its steps show whether it stores to state
 * that a fault depends on. Each such operation is paired with each kind of fault.
 */
public final class DaxSemNecessity {
  /** State that a fault depends on. */
  enum State {
    /** The end of the file. */
    I_SIZE(StateKind.I_SIZE),
    /** Which block a page has. */
    BLOCK_POINTER(StateKind.BLOCK_POINTERS),
    /** The owner of a block. */
    BITMAP_BIT(ImageState.BLOCK_BITMAP),
    /** The pages that a process sees. */
    PAGE_TABLE_ENTRY(StateKind.PAGE_TABLE),
    /** The state that faults and writeback share. */
    DAX_ENTRY(StateKind.DAX_ENTRIES);

    private final Enum<?> announcedAs;

    State(Enum<?> announcedAs) {
      this.announcedAs = announcedAs;
    }

    String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  private final Profile profile;
  private final LockOrder order;
  private final Explorer explorer;
  private final PrintWriter out;

  /**
   * The question for some handlers and an order.
   *
   * @param out gets the table
   */
  public DaxSemNecessity(Profile profile, LockOrder order, Explorer explorer, PrintWriter out) {
    this.profile = profile;
    this.order = order;
    this.explorer = explorer;
    this.out = out;
  }

  /** Returns the state that an operation stores to, as far as a fault depends on it. */
  static Set<State> stores(ScenarioRunner runner, String operation) throws IOException {
    Set<State> stored = EnumSet.noneOf(State.class);
    for (Step step : runner.alone(operation, false)) {
      for (State state : State.values()) {
        if (step.kind() == Step.Kind.STORE && step.subject() == state.announcedAs) {
          stored.add(state);
        }
      }
    }
    return stored;
  }

  /** Explores each such pair, and prints the table. */
  public SweepResult run() throws IOException {
    long schedules = 0;
    int scenarios = 0;
    int incomplete = 0;
    List<Finding> findings = new ArrayList<>();
    try (ScenarioRunner runner = ScenarioRunner.open(profile, order)) {
      for (String operation : ScenarioCatalog.operations()) {
        Set<State> stored = stores(runner, operation);
        if (stored.isEmpty()) {
          out.printf("%-16s stores to nothing that a fault depends on%n", operation);
          continue;
        }
        out.printf(
            "%-16s stores to %s%n",
            operation, String.join(", ", stored.stream().map(State::label).toList()));
        for (NamedScenario scenario : pairs(operation)) {
          Exploration result = runner.explore(scenario, explorer);
          scenarios++;
          schedules += result.schedules();
          incomplete += result.complete() ? 0 : 1;
          out.printf(
              "  %-32s %,9d schedules  %s%n",
              scenario.name(), result.schedules(), answer(scenario, result, findings));
        }
        out.flush();
      }
      return new SweepResult(
          findings.isEmpty() && incomplete == 0,
          scenarios,
          schedules,
          findings,
          incomplete,
          runner.imagesChecked());
    }
  }

  /** Returns the result of a pair in words; unknown findings are added to the list. */
  private String answer(NamedScenario scenario, Exploration result, List<Finding> findings) {
    List<String> words = new ArrayList<>();
    for (Finding finding : result.findings()) {
      Optional<KnownFinding> known = KnownFinding.of(profile, order, scenario, finding);
      if (known.isPresent()) {
        words.add(known.get().id() + ", known: " + known.get().what());
      } else {
        findings.add(finding);
        words.add("NEW FINDING: " + finding.message() + "\n" + Interleaving.text(finding));
      }
    }
    return words.isEmpty() ? "nothing" : String.join("; ", words);
  }

  private List<NamedScenario> pairs(String operation) {
    List<NamedScenario> pairs = new ArrayList<>();
    for (String fault : ScenarioCatalog.operations()) {
      if (ScenarioCatalog.isFault(fault)) {
        pairs.add(ScenarioCatalog.of(fault, operation, false));
      }
    }
    if (profile.fourHandlers()) {
      pairs.add(ScenarioCatalog.of("read-block", operation, true));
      pairs.add(ScenarioCatalog.of("write-block", operation, true));
    }
    return pairs;
  }
}
