// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.kernel.KernelDifference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All parts of a campaign as one.
 *
 * @param settings of its first part
 * @param environments of all parts, by shard
 * @param programs by name, without their counts
 * @param operations how many were run
 * @param differences operations that showed each listed difference of a later kernel
 * @param coverage operations by verb and class of outcome
 * @param edges lock edges that model and kernel both have
 * @param findings of no program in particular, and parts that are missing or did not end
 * @param forgiven how often each rule left something out
 * @param seconds wall time of all runs that ended, added up
 */
public record Campaign(
    CampaignSettings settings,
    Map<Integer, Map<String, String>> environments,
    Map<String, ProgramLine> programs,
    long operations,
    Map<KernelDifference, Long> differences,
    Map<String, Map<String, Integer>> coverage,
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
    if (files.isEmpty()) {
      throw new IllegalArgumentException("no file of results");
    }
    Sum sum = new Sum(files.getFirst());
    for (Path file : files) {
      sum.add(file);
    }
    return sum.campaign();
  }

  /** The sums over files that are read one after the other. */
  private static final class Sum implements CampaignLines.Visitor {
    private final Path first;
    private final Map<Integer, Map<String, String>> environments = new TreeMap<>();
    private final Map<String, ProgramLine> programs = new TreeMap<>();
    private final Map<KernelDifference, Long> differences = new EnumMap<>(KernelDifference.class);
    private final Coverage coverage = new Coverage();
    private final Set<String> edges = new TreeSet<>();
    private final List<String> findings = new ArrayList<>();
    private final Map<String, Long> forgiven = new TreeMap<>();
    private @Nullable CampaignSettings settings;
    private Path file;
    private long operations;
    private double seconds;
    private boolean ended;

    Sum(Path first) {
      this.first = first;
      this.file = first;
    }

    void add(Path part) throws IOException {
      file = part;
      ended = false;
      if (CampaignLines.read(part, this) == 0) {
        throw new IOException(part + ": no results of a campaign: it has no whole line");
      }
      if (!ended) {
        findings.add(part + " has no end: its run was killed, and can be resumed");
      }
    }

    @Override
    public void settings(CampaignSettings part) {
      if (settings == null) {
        settings = part;
      } else if (!settings.isOfOneCampaignWith(part)) {
        throw new IllegalArgumentException(file + " is of another campaign than " + first);
      }
      int number = part.shard().number();
      if (environments.put(number, part.environment()) != null) {
        throw new IllegalArgumentException(file + " is shard " + number + " once more");
      }
    }

    @Override
    public void program(ProgramLine line) {
      if (programs.put(line.program(), line.withoutCounts()) == null) {
        operations += line.operations();
        coverage.add(line.coverage());
        line.differences()
            .forEach((difference, count) -> differences.merge(difference, count, Long::sum));
      }
    }

    @Override
    public void end(CampaignEnd end) {
      ended = true;
      edges.addAll(end.edges());
      findings.addAll(end.findings());
      end.forgiven().forEach((rule, count) -> forgiven.merge(rule, count, Long::sum));
      seconds += end.seconds();
    }

    Campaign campaign() {
      CampaignSettings whole = Objects.requireNonNull(settings);
      for (int number = 1; number <= whole.shard().count(); number++) {
        if (!environments.containsKey(number)) {
          findings.add("shard " + number + " of " + whole.shard().count() + " is missing");
        }
      }
      return new Campaign(
          whole,
          environments,
          programs,
          operations,
          differences,
          coverage.counts(),
          edges,
          findings,
          forgiven,
          seconds);
    }
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

  /** Returns true for a campaign of power cuts. */
  boolean isCrash() {
    return settings.verb().equals("crash");
  }

  /** Returns the word of this kind of campaign for programs with a verdict. */
  public String word(Verdict verdict) {
    boolean crash = isCrash();
    return switch (verdict) {
      case AGREED -> crash ? "hold" : "agreed";
      case PARTIAL -> crash ? "hold in a sample" : "in part";
      case DIVERGED -> crash ? "broken" : "diverged";
      case NOT_RUN -> "not run";
      case OMITTED -> "omitted";
    };
  }

  /** The last line of a report for people. */
  public String line() {
    return String.format(
        "report: %s: %s %s, %d of %d shards, %d programs, %d operations, %s, %.0f s",
        verdict(),
        settings.verb().equals("conform") ? "kernel" : settings.verb() + " on",
        settings.kernel(),
        environments.size(),
        settings.shard().count(),
        programs.size(),
        operations,
        Arrays.stream(Verdict.values())
            .map(verdict -> count(verdict) + " " + word(verdict))
            .collect(Collectors.joining(", ")),
        seconds);
  }

  /** Copies the collections. */
  public Campaign {
    environments = Collections.unmodifiableMap(new TreeMap<>(environments));
    programs = Collections.unmodifiableMap(new TreeMap<>(programs));
    differences = Map.copyOf(differences);
    coverage = Collections.unmodifiableMap(new TreeMap<>(coverage));
    edges = Collections.unmodifiableSet(new TreeSet<>(edges));
    findings = List.copyOf(findings);
    forgiven = Collections.unmodifiableMap(new TreeMap<>(forgiven));
  }
}
