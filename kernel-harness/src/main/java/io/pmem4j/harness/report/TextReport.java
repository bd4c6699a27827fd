// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.conform.StepResult;
import io.pmem4j.harness.kernel.KernelDifference;
import io.pmem4j.harness.program.Outcome;
import java.util.List;
import java.util.Map;

/** Results as text. */
public final class TextReport {
  private TextReport() {}

  /** One line for one program. */
  public static String line(ProgramResult result) {
    return String.format(
        "%-8s %-28s %3d operations %6d ms  %s",
        result.verdict(),
        result.program().name(),
        result.steps().size(),
        result.millis(),
        result.program().title());
  }

  /** Returns the findings of a program, with the outcomes of the steps concerned side by side. */
  public static String findings(ProgramResult result) {
    StringBuilder text = new StringBuilder();
    for (String finding : result.findings()) {
      text.append("    ").append(finding.replace("\n", "\n      ")).append('\n');
    }
    text.append(notes(result));
    for (StepResult step : result.steps()) {
      if (!step.findings().isEmpty()) {
        text.append(step(step));
      }
    }
    return text.toString();
  }

  /** The listed differences of a later kernel, with how many operations showed each; or nothing. */
  public static String differences(String kernel, Summary summary) {
    Map<KernelDifference, Long> counts = summary.differences();
    if (counts.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    text.append(kernel).append(" differs from 5.10, which the model is, in the listed ways:\n");
    counts.forEach((difference, count) ->
        text.append(
            String.format(
                "  %6d operations: %s%n                     %s%n",
                count, difference.what(), difference.why())));
    return text.toString();
  }

  /** Returns the result of comparing lock edges; empty if they were not compared. */
  public static String locks(Summary summary) {
    StringBuilder text = new StringBuilder();
    summary
        .locks()
        .ifPresent(locks -> {
          text.append(
              String.format(
                  "locks: %d edges agreed between the model and /proc/lockdep%n",
                  locks.agreed().size()));
          locks.findings().forEach(finding -> text.append("  ! ").append(finding).append('\n'));
        });
    return text.toString();
  }

  /** Every step with every outcome; {@code !} marks a step with a finding. */
  public static String sideBySide(ProgramResult result) {
    StringBuilder text = new StringBuilder();
    for (StepResult step : result.steps()) {
      text.append(step(step));
    }
    for (String finding : result.findings()) {
      text.append("  ! ").append(finding.replace("\n", "\n      ")).append('\n');
    }
    text.append(notes(result));
    return text.toString();
  }

  private static String notes(ProgramResult result) {
    StringBuilder text = new StringBuilder();
    for (String note : result.notes()) {
      text.append("    note: ").append(note).append('\n');
    }
    return text.toString();
  }

  private static String step(StepResult result) {
    StringBuilder text = new StringBuilder();
    text.append(result.findings().isEmpty() ? "  " : "! ")
        .append(String.format("%4d  %s%n", result.step().line(), result.step().text()));
    List<Outcome> distinct = result.outcomes().values().stream().distinct().toList();
    if (distinct.size() == 1 && result.outcomes().size() > 1) {
      text.append(String.format("        %-14s %s%n", "all", distinct.getFirst()));
    } else {
      for (Map.Entry<String, Outcome> outcome : result.outcomes().entrySet()) {
        text.append(String.format("        %-14s %s%n", outcome.getKey(), outcome.getValue()));
      }
    }
    return text.toString();
  }
}
