// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.kernel.KernelDifference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All parts of a campaign as one.
 *
 * @param settings of its first part
 * @param environments of all parts, by shard
 * @param programs by name
 * @param edges lock edges that model and kernel both have
 * @param findings of no program in particular, and parts that are missing or did not end
 * @param forgiven how often each rule left something out
 * @param seconds wall time of all runs that ended, added up
 */
public record Campaign(
    CampaignSettings settings,
    Map<Integer, Map<String, String>> environments,
    Map<String, ProgramLine> programs,
    Set<String> edges,
    List<String> findings,
    Map<String, Long> forgiven,
    double seconds) {
  /**
   * Reads the parts.
   *
   * @throws IOException if a file cannot be read or is none
   * @throws IllegalArgumentException if two are not of one campaign, or of the same part
   */
  public static Campaign read(List<Path> files) throws IOException {
    CampaignSettings settings = null;
    Map<Integer, Map<String, String>> environments = new TreeMap<>();
    Map<String, ProgramLine> programs = new TreeMap<>();
    Set<String> edges = new TreeSet<>();
    List<String> findings = new ArrayList<>();
    Map<String, Long> forgiven = new TreeMap<>();
    double seconds = 0;
    for (Path file : files) {
      CampaignFile.Content part = CampaignFile.read(file);
      if (settings == null) {
        settings = part.settings();
      } else if (!settings.isOfOneCampaignWith(part.settings())) {
        throw new IllegalArgumentException(
            file + " is of another campaign than " + files.getFirst());
      }
      int number = part.settings().shard().number();
      if (environments.put(number, part.settings().environment()) != null) {
        throw new IllegalArgumentException(file + " is shard " + number + " once more");
      }
      programs.putAll(part.programs());
      for (CampaignEnd end : part.ends()) {
        edges.addAll(end.edges());
        findings.addAll(end.findings());
        end.forgiven().forEach((rule, count) -> forgiven.merge(rule, count, Long::sum));
        seconds += end.seconds();
      }
      if (part.ends().isEmpty()) {
        findings.add(file + " has no end: its run was killed, and can be resumed");
      }
    }
    if (settings == null) {
      throw new IllegalArgumentException("no file of results");
    }
    for (int number = 1; number <= settings.shard().count(); number++) {
      if (!environments.containsKey(number)) {
        findings.add("shard " + number + " of " + settings.shard().count() + " is missing");
      }
    }
    return new Campaign(settings, environments, programs, edges, findings, forgiven, seconds);
  }

  /** Returns how many programs have this verdict. */
  public long count(Verdict verdict) {
    return programs.values().stream().filter(line -> line.verdict() == verdict).count();
  }

  /** Returns the programs that diverged. */
  public List<ProgramLine> diverged() {
    return programs.values().stream().filter(line -> line.verdict() == Verdict.DIVERGED).toList();
  }

  /** Returns FAIL for a divergence, ERROR if nothing or not everything was shown, else PASS. */
  public String verdict() {
    if (count(Verdict.DIVERGED) > 0 || findings.stream().anyMatch(f -> f.startsWith("lock edge"))) {
      return "FAIL";
    }
    boolean shown = count(Verdict.AGREED) + count(Verdict.PARTIAL) > 0;
    return shown && count(Verdict.NOT_RUN) == 0 && findings.isEmpty() ? "PASS" : "ERROR";
  }

  /** Returns the number of operations that showed each listed difference of a later kernel. */
  public Map<KernelDifference, Long> differences() {
    Map<KernelDifference, Long> counts = new EnumMap<>(KernelDifference.class);
    programs
        .values()
        .forEach(line ->
            line.differences()
                .forEach((difference, count) -> counts.merge(difference, count, Long::sum)));
    return counts;
  }

  /** Returns operations by verb and class of outcome. */
  public Map<String, Map<String, Integer>> coverage() {
    Coverage table = new Coverage();
    programs.values().forEach(line -> table.add(line.coverage()));
    return table.counts();
  }

  /** Returns how many operations were run. */
  public long operations() {
    return programs.values().stream().mapToLong(ProgramLine::operations).sum();
  }

  /** The last line of a report for people. */
  public String line() {
    return String.format(
        "report: %s: kernel %s, %d of %d shards, %d programs, %d operations, %d agreed, %d in part,"
            + " %d diverged, %d not run, %d omitted, %.0f s",
        verdict(),
        settings.kernel(),
        environments.size(),
        settings.shard().count(),
        programs.size(),
        operations(),
        count(Verdict.AGREED),
        count(Verdict.PARTIAL),
        count(Verdict.DIVERGED),
        count(Verdict.NOT_RUN),
        count(Verdict.OMITTED),
        seconds);
  }

  /** Copies the collections. */
  public Campaign {
    environments = Collections.unmodifiableMap(new TreeMap<>(environments));
    programs = Collections.unmodifiableMap(new TreeMap<>(programs));
    edges = Collections.unmodifiableSet(new TreeSet<>(edges));
    findings = List.copyOf(findings);
    forgiven = Collections.unmodifiableMap(new TreeMap<>(forgiven));
  }
}
