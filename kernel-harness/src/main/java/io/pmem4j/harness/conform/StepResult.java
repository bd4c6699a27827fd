// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.kernel.KernelDifference;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramStep;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A step and the answer of each backend.
 *
 * @param step the step
 * @param outcomes by the backend's name, in the order in which they ran; backends that broke before
 *     have none
 * @param findings what is wrong with it: differences between backends, expectations that fail
 * @param divergences class and place of each finding
 * @param notes differences that have a reason, with the reason
 * @param differences listed differences of a later kernel that it shows
 */
public record StepResult(
    ProgramStep step,
    Map<String, Outcome> outcomes,
    List<String> findings,
    List<Divergence> divergences,
    List<String> notes,
    Set<KernelDifference> differences) {
  /** Copies, keeping the order. */
  public StepResult {
    outcomes = Collections.unmodifiableMap(new LinkedHashMap<>(outcomes));
    findings = List.copyOf(findings);
    divergences = List.copyOf(divergences);
    notes = List.copyOf(notes);
    differences = Set.copyOf(differences);
  }
}
