// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One step and what each backend answered to it.
 *
 * @param step the step
 * @param outcomes by the backend's name, in the order in which they ran; backends that broke before
 *     have none
 */
public record StepResult(Step step, Map<String, Outcome> outcomes) {
  /** Copies, keeping the order. */
  public StepResult {
    outcomes = Collections.unmodifiableMap(new LinkedHashMap<>(outcomes));
  }

  /** What is wrong with it: differences between backends, expectations that do not hold. */
  public List<String> findings() {
    List<String> findings = new ArrayList<>();
    if (outcomes.values().stream().distinct().count() > 1) {
      findings.add("line " + step.line() + ": " + step.text() + ": the backends differ");
    }
    outcomes.forEach((backend, outcome) -> {
      for (String token : outcome.unsatisfied(step.expected())) {
        findings.add(
            "line " + step.line() + ": " + step.text() + ": " + backend + " misses " + token);
      }
    });
    return findings;
  }
}
