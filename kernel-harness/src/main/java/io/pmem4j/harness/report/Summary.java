// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.LockAudit;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.kernel.KernelDifference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The verdict over many programs.
 *
 * @param verb the command's verb
 * @param kernel the kernel's name, or empty when none ran
 * @param tally the counts of all programs
 * @param locks what came of comparing lock edges, if they were
 * @param millis wall time of all of it
 */
public record Summary(
    String verb, String kernel, Tally tally, Optional<LockAudit.Outcome> locks, long millis) {
  /** PASS, FAIL (a finding) or ERROR (no verdict on at least one program, or none that ran). */
  public String verdict() {
    if (count(Verdict.DIVERGED) > 0
        || locks.map(outcome -> !outcome.findings().isEmpty()).orElse(false)) {
      return "FAIL";
    }
    long shown = count(Verdict.AGREED) + count(Verdict.PARTIAL) + tally.earlier();
    return shown == 0 || count(Verdict.NOT_RUN) > 0 ? "ERROR" : "PASS";
  }

  /** The command's exit status: 0, 1 or 3. */
  public int exitStatus() {
    return switch (verdict()) {
      case "PASS" -> 0;
      case "FAIL" -> 1;
      default -> 3;
    };
  }

  /** Returns the number of programs with this verdict. */
  public long count(Verdict verdict) {
    return tally.count(verdict);
  }

  /**
   * Returns the number of programs without a verdict: the environment failed, or they were omitted.
   */
  private long notRun() {
    return count(Verdict.NOT_RUN) + count(Verdict.OMITTED);
  }

  /** Returns the number of operations that showed each listed difference of a later kernel. */
  public Map<KernelDifference, Long> differences() {
    return tally.differences();
  }

  /** The last line of a report for people. */
  public String line() {
    return String.format(
        "%s: %s: %d programs, %d agreed%s, %d diverged, %d not run, %.1f s, %.1f programs/s",
        verb,
        verdict(),
        tally.programs(),
        count(Verdict.AGREED),
        count(Verdict.PARTIAL) == 0 ? "" : ", " + count(Verdict.PARTIAL) + " agreed in part",
        count(Verdict.DIVERGED),
        notRun(),
        millis / 1000.0,
        perSecond());
  }

  private double perSecond() {
    return tally.programs() * 1000.0 / Math.max(1, millis);
  }

  /** Returns the line that {@code --json} prints. */
  public JsonLine json() {
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("programs", tally.programs());
    counts.put("agreed", count(Verdict.AGREED));
    counts.put("agreed_in_part", count(Verdict.PARTIAL));
    counts.put("diverged", count(Verdict.DIVERGED));
    counts.put("not_run", notRun());
    counts.put("by_class", tally.scopes());
    counts.put(
        "by_kernel",
        kernel.isEmpty()
            ? Map.of()
            : Map.of(
                kernel,
                Map.of(
                    "agreed", count(Verdict.AGREED),
                    "agreed_in_part", count(Verdict.PARTIAL),
                    "diverged", count(Verdict.DIVERGED),
                    "not_run", notRun())));
    counts.put("differences", differences());
    return new JsonLine(verb, verdict(), millis / 1000.0, counts)
        .with("programs_per_second", Math.round(10 * perSecond()) / 10.0)
        .with("locks", locks.map(Summary::json).orElse(null));
  }

  private static Map<String, Object> json(LockAudit.Outcome outcome) {
    Map<String, Object> edges = new LinkedHashMap<>();
    edges.put("edges_agreed", outcome.agreed().size());
    edges.put("findings", outcome.findings());
    return edges;
  }
}
