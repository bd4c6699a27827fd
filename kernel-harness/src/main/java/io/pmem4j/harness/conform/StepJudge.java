// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.Backend;
import io.pmem4j.harness.backend.View;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/** Judges the outcomes of one step, as far as the backends' views go. */
final class StepJudge {
  private final List<Backend> backends;

  StepJudge(List<Backend> backends) {
    this.backends = List.copyOf(backends);
  }

  StepResult judge(Program program, Step step, Map<String, Outcome> outcomes) {
    List<String> findings = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    List<Backend> answered =
        backends.stream().filter(backend -> outcomes.containsKey(backend.name())).toList();
    String prefix = "line " + step.line() + ": " + step.text() + ": ";
    for (Backend backend : answered) {
      Outcome outcome = answer(backend, outcomes);
      View view = backend.view();
      for (String token : step.expected()) {
        if (view.judges(token) && !view.satisfies(outcome, token)) {
          Optional<String> reason = backend.explain(program, step, View.key(token));
          if (reason.isPresent()) {
            notes.add(prefix + backend.name() + " misses " + token + ": " + reason.get());
          } else {
            findings.add(prefix + backend.name() + " misses " + token);
          }
        }
      }
    }
    for (int i = 1; i < answered.size(); i++) {
      compare(program, step, answered.getFirst(), answered.get(i), outcomes, prefix, findings);
    }
    return new StepResult(step, outcomes, findings, notes);
  }

  /** Values that one of the two is known to have otherwise are left out: they have been noted. */
  private static void compare(
      Program program,
      Step step,
      Backend left,
      Backend right,
      Map<String, Outcome> outcomes,
      String prefix,
      List<String> findings) {
    View both = left.view().and(right.view());
    Predicate<String> unexplained =
        key ->
            left.explain(program, step, key).isEmpty()
                && right.explain(program, step, key).isEmpty();
    if (!only(unexplained, both.of(answer(left, outcomes)))
        .equals(only(unexplained, both.of(answer(right, outcomes))))) {
      findings.add(prefix + left.name() + " and " + right.name() + " differ");
    }
  }

  private static Outcome only(Predicate<String> wanted, Outcome outcome) {
    Map<String, String> values = new LinkedHashMap<>(outcome.values());
    values.keySet().removeIf(wanted.negate());
    return new Outcome(values, outcome.events());
  }

  private static Outcome answer(Backend backend, Map<String, Outcome> outcomes) {
    return Objects.requireNonNull(outcomes.get(backend.name()), backend.name());
  }
}
