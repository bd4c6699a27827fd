// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The table of verbs and how their operations ended, over campaigns of any kernels and seeds: well,
 * with an errno, or by a signal and its code. The verbs of a child process are not told apart from
 * those of its parent.
 */
public final class OutcomeTable {
  private static final String OK = "ok";

  /** The counts of each verb by outcome. */
  private final Map<String, Map<String, Integer>> counts = new TreeMap<>();

  private final List<Campaign> campaigns = new ArrayList<>();

  private OutcomeTable() {}

  /**
   * Reads files of results, each for itself.
   *
   * @throws IOException if a file cannot be read or is none
   */
  public static OutcomeTable read(List<Path> files) throws IOException {
    OutcomeTable table = new OutcomeTable();
    for (Path file : files) {
      Campaign campaign = Campaign.read(List.of(file));
      table.campaigns.add(campaign);
      campaign
          .coverage()
          .forEach((verb, row) -> row.forEach((kind, count) -> table.add(verb, kind, count)));
    }
    table.counts.remove(Coverage.CRASH_STATES);
    return table;
  }

  private void add(String verb, String kind, int count) {
    counts
        .computeIfAbsent(verb.replaceFirst("^in ", ""), _ -> new TreeMap<>())
        .merge(outcome(kind), count, Integer::sum);
  }

  private static String outcome(String kind) {
    String ended = kind.replaceFirst(" \\[.*", "");
    return ended.matches("E[A-Z0-9]+|errno\\d+|(SIG[A-Z]+|signal\\d+)/.*") ? ended : OK;
  }

  /** Returns a table of the campaigns and one of the verbs, in Markdown. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(
        "| campaign | first seed | programs | operations | agreed | in part | diverged |\n");
    text.append("|---|---|---|---|---|---|---|\n");
    for (Campaign each : campaigns) {
      text.append(
          "| %s %s, %s | %d | %,d | %,d | %,d | %,d | %,d |%n"
              .formatted(
                  each.settings().verb(),
                  each.settings().kernel(),
                  each.settings().programs(),
                  each.settings().seed(),
                  each.programs().size(),
                  each.operations(),
                  each.count(Verdict.AGREED),
                  each.count(Verdict.PARTIAL),
                  each.count(Verdict.DIVERGED)));
    }
    text.append("\n| verb | ok | errors and signals |\n|---|---|---|\n");
    counts.forEach((verb, row) ->
        text.append("| %s | %,d | %s |%n".formatted(verb, row.getOrDefault(OK, 0), failures(row))));
    return text.toString();
  }

  /** The most frequent first. */
  private static String failures(Map<String, Integer> row) {
    return row.entrySet().stream()
        .filter(each -> !each.getKey().equals(OK))
        .sorted(Comparator.comparingInt(each -> -each.getValue()))
        .map(each -> "%s %,d".formatted(each.getKey(), each.getValue()))
        .collect(Collectors.joining(", "));
  }
}
