// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.kernel.KernelDifference;
import io.pmem4j.harness.program.ProgramText;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The result of one program of a campaign, as a line of its file.
 *
 * @param program its name
 * @param title its title
 * @param verdict as {@link ProgramResult.Verdict}
 * @param operations that were run
 * @param millis how long all backends took together
 * @param findings a line each
 * @param notes a line each
 * @param differences operations that showed a listed difference of a later kernel
 * @param coverage operations by verb and class of outcome
 * @param steps of a program that diverged; otherwise empty
 * @param stores of states that break a promise, for a campaign of power cuts
 * @param text of a program that diverged: the outcomes concerned and the program; otherwise empty
 */
public record ProgramLine(
    String program,
    String title,
    ProgramResult.Verdict verdict,
    int operations,
    long millis,
    List<String> findings,
    List<String> notes,
    Map<KernelDifference, Long> differences,
    Map<String, Map<String, Integer>> coverage,
    List<StepLine> steps,
    List<StoreTable> stores,
    String text) {
  /** Copies the lists. */
  public ProgramLine {
    findings = List.copyOf(findings);
    notes = List.copyOf(notes);
    differences = Map.copyOf(differences);
    coverage = Map.copyOf(coverage);
    steps = List.copyOf(steps);
    stores = List.copyOf(stores);
  }

  /** Returns the line without its counts, which a campaign keeps as sums. */
  ProgramLine withoutCounts() {
    return new ProgramLine(
        program,
        title,
        verdict,
        operations,
        millis,
        findings,
        notes,
        Map.of(),
        Map.of(),
        steps,
        stores,
        text);
  }

  /** Returns the line of a result. */
  public static ProgramLine of(ProgramResult result) {
    Map<KernelDifference, Long> differences = new EnumMap<>(KernelDifference.class);
    result.steps().stream()
        .flatMap(step -> step.differences().stream())
        .forEach(difference -> differences.merge(difference, 1L, Long::sum));
    Coverage coverage = new Coverage();
    coverage.add(result);
    boolean diverged = result.verdict() == ProgramResult.Verdict.DIVERGED;
    return new ProgramLine(
        result.program().name(),
        result.program().title(),
        result.verdict(),
        result.steps().size(),
        result.millis(),
        result.findings(),
        result.notes(),
        differences,
        coverage.counts(),
        diverged ? result.steps().stream().map(StepLine::of).toList() : List.of(),
        List.of(),
        diverged ? TextReport.findings(result) + "\n" + ProgramText.of(result.program()) : "");
  }
}
