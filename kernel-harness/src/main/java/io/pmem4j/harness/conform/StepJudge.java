// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.ComparableView;
import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.kernel.KernelDifference;
import io.pmem4j.harness.kernel.KernelDifferenceMatcher;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Judges the steps of one program in order, as far as the backends' views go. */
final class StepJudge {
  private final List<ProgramBackend> backends;
  private final Map<String, KernelDifferenceMatcher> matchers = new HashMap<>();

  /** True once the power was cut lossily: backends are in states of their own from then on. */
  private boolean cut;

  StepJudge(List<ProgramBackend> backends) {
    this.backends = List.copyOf(backends);
    backends.forEach(backend ->
        backend.differenceMatcher().ifPresent(matcher -> matchers.put(backend.name(), matcher)));
  }

  StepResult judge(Program program, ProgramStep step, Map<String, Outcome> outcomes) {
    cut |= step.operation() instanceof Operation.LossyCut;
    List<String> findings = new ArrayList<>();
    List<Divergence> divergences = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    List<ProgramBackend> answered =
        backends.stream().filter(backend -> outcomes.containsKey(backend.name())).toList();
    String prefix = "line " + step.line() + ": " + step.text() + ": ";
    Map<String, Set<KernelDifference>> differences =
        cut ? Map.of() : differences(step.operation(), answered, outcomes);
    for (ProgramBackend backend : answered) {
      if (differences.containsKey(backend.name())) {
        // Written for 5.10, and judged by the reference that this outcome was made from.
        continue;
      }
      Outcome outcome = answer(backend, outcomes);
      ComparableView view = backend.view();
      for (String token : step.expected()) {
        if (view.judges(token) && !view.satisfies(outcome, token)) {
          Optional<String> reason = backend.explain(program, step, ComparableView.key(token));
          if (reason.isPresent()) {
            notes.add(prefix + backend.name() + " misses " + token + ": " + reason.get());
          } else {
            findings.add(prefix + backend.name() + " misses " + token);
            divergences.add(
                Divergence.expectation(step.operation(), backend.name(), token, outcome));
          }
        }
      }
    }
    List<ProgramBackend> compared =
        answered.stream().filter(backend -> !differences.containsKey(backend.name())).toList();
    for (int i = 1; i < compared.size() && !Forgiveness.LOSSY_CUT.forgives(cut); i++) {
      Optional<Divergence> different =
          compare(program, step, compared.getFirst(), compared.get(i), outcomes);
      if (different.isPresent()) {
        findings.add(
            prefix + compared.getFirst().name() + " and " + compared.get(i).name() + " differ");
        divergences.add(different.get());
      }
    }
    Set<KernelDifference> shown = EnumSet.noneOf(KernelDifference.class);
    differences.values().forEach(shown::addAll);
    return new StepResult(step, outcomes, findings, divergences, notes, shown);
  }

  /** For every backend whose outcome is fully explained by its dialect, how. */
  private Map<String, Set<KernelDifference>> differences(
      Operation operation, List<ProgramBackend> answered, Map<String, Outcome> outcomes) {
    Optional<Outcome> reference =
        answered.stream()
            .filter(backend -> !matchers.containsKey(backend.name()))
            .filter(backend -> backend.view().equals(ComparableView.WHOLE))
            .map(backend -> answer(backend, outcomes))
            .findFirst();
    Map<String, Set<KernelDifference>> explained = new HashMap<>();
    reference.ifPresent(outcome ->
        answered.forEach(backend -> {
          KernelDifferenceMatcher matcher = matchers.get(backend.name());
          if (matcher != null) {
            matcher
                .explain(operation, outcome, answer(backend, outcomes))
                .ifPresent(by -> explained.put(backend.name(), by));
          }
        }));
    return explained;
  }

  /** Values that one of the two is known to have otherwise are left out: they have been noted. */
  private static Optional<Divergence> compare(
      Program program,
      ProgramStep step,
      ProgramBackend left,
      ProgramBackend right,
      Map<String, Outcome> outcomes) {
    ComparableView both = left.view().and(right.view());
    Predicate<String> unexplained =
        key ->
            left.explain(program, step, key).isEmpty()
                && right.explain(program, step, key).isEmpty();
    Outcome one = only(unexplained, both.of(answer(left, outcomes)));
    Outcome other = only(unexplained, both.of(answer(right, outcomes)));
    return one.equals(other)
        ? Optional.empty()
        : Optional.of(Divergence.difference(step.operation(), one, other));
  }

  private static Outcome only(Predicate<String> wanted, Outcome outcome) {
    Map<String, String> values = new LinkedHashMap<>(outcome.values());
    values.keySet().removeIf(wanted.negate());
    return new Outcome(values, outcome.events());
  }

  private static Outcome answer(ProgramBackend backend, Map<String, Outcome> outcomes) {
    return Objects.requireNonNull(outcomes.get(backend.name()), backend.name());
  }
}
