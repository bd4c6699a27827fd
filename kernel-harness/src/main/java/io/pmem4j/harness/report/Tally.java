// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.kernel.KernelDifference;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts over results. It keeps none of them: the results of a campaign of hours do not fit into
 * memory. Not thread-safe.
 */
public final class Tally {
  private final Map<Verdict, Long> verdicts = new EnumMap<>(Verdict.class);
  private final Map<String, Long> scopes = new LinkedHashMap<>();
  private final Map<KernelDifference, Long> differences = new EnumMap<>(KernelDifference.class);
  private long programs;
  private long earlier;

  /** Creates a tally of nothing. */
  public Tally() {}

  /** Returns the tally of some results. */
  public static Tally of(List<ProgramResult> results) {
    Tally tally = new Tally();
    results.forEach(tally::add);
    return tally;
  }

  /** Counts a result. */
  public void add(ProgramResult result) {
    programs++;
    verdicts.merge(result.verdict(), 1L, Long::sum);
    scopes.merge(result.program().scope().toString(), 1L, Long::sum);
    result.steps().stream()
        .flatMap(step -> step.differences().stream())
        .forEach(difference -> differences.merge(difference, 1L, Long::sum));
  }

  /** Counts programs that an earlier run of the campaign has results of. */
  public void addEarlier(long count) {
    earlier += count;
  }

  /** Returns the number of programs that an earlier run of the campaign has results of. */
  public long earlier() {
    return earlier;
  }

  /** Returns the number of results. */
  public long programs() {
    return programs;
  }

  /** Returns the number of results with this verdict. */
  public long count(Verdict verdict) {
    return verdicts.getOrDefault(verdict, 0L);
  }

  /** Returns the number of programs of each scope. */
  public Map<String, Long> scopes() {
    return Collections.unmodifiableMap(scopes);
  }

  /** Returns the number of operations that showed each listed difference of a later kernel. */
  public Map<KernelDifference, Long> differences() {
    return Collections.unmodifiableMap(differences);
  }
}
