// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.conform.StepResult;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.generator.LeftOut;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * The table of verbs and classes of outcome that programs met, with counts. The class is the errno,
 * the signal and its code, or how a success ended; then the kinds of DAX event that came with it.
 * Outcomes are those of the first backend that answered: the kernel's, where one runs.
 */
public final class Coverage {
  /** The row of a campaign of power cuts: its states, images, mounts and complaints of e2fsck. */
  public static final String CRASH_STATES = "crash states";

  private static final List<String> WORDS = List.of("private", "write", "WRITE", "MAJOR", "SIGBUS");

  private final Map<String, Map<String, Integer>> counts = new TreeMap<>();

  /** Counts the steps of a result. */
  public void add(ProgramResult result) {
    for (StepResult step : result.steps()) {
      step.outcomes().values().stream()
          .findFirst()
          .ifPresent(outcome -> count(step.step().operation(), outcome));
    }
  }

  private void count(Operation operation, Outcome outcome) {
    Operation done = operation.withoutChild();
    String verb =
        (operation instanceof Operation.In ? "in " : "") + ProgramText.of(done).split(" ", 2)[0];
    counts
        .computeIfAbsent(verb, _ -> new TreeMap<>())
        .merge(outcomeClass(done, outcome), 1, Integer::sum);
  }

  /** Returns the class of an outcome of an operation. */
  static String outcomeClass(Operation operation, Outcome outcome) {
    Set<String> events = new TreeSet<>();
    outcome.events().forEach(event -> events.add(event(event)));
    String ended = ended(operation, outcome);
    return events.isEmpty() ? ended : ended + " [" + String.join(" ", events) + "]";
  }

  /** The event, with the words that tell kinds of fault apart: not which page of which file. */
  private static String event(String event) {
    StringBuilder kind = new StringBuilder(event.split(" ", 2)[0].replaceFirst("^dax_", ""));
    for (String word : WORDS) {
      if (event.matches(".*[ |]" + word + "([ |].*)?")) {
        kind.append(':').append(word);
      }
    }
    return kind.toString();
  }

  private static String ended(Operation operation, Outcome outcome) {
    Map<String, String> values = outcome.values();
    if (values.containsKey("errno")) {
      return String.valueOf(values.get("errno"));
    }
    if (values.containsKey("signal")) {
      return values.get("signal").replaceFirst("@.*", "");
    }
    String result = values.getOrDefault("result", "");
    if (values.containsKey("page")) {
      return "page " + values.get("page").replaceFirst(":\\d+", "");
    }
    if (values.containsKey("pages")) {
      String pages = values.get("pages");
      return pages.contains("1") ? pages.contains("0") ? "some" : "all" : "none";
    }
    if (operation.isCall(Syscall.FIEMAP)) {
      return result.equals("0") ? "no extent" : result.equals("1") ? "one extent" : "extents";
    }
    if (!result.matches("\\d+")) {
      return result.equals("none") ? "no mapping" : result;
    }
    long wanted = wanted(operation);
    long got = Long.parseLong(result);
    String content = content(values.getOrDefault("data", ""));
    if (wanted > 0) {
      return (got == 0 ? "nothing" : got < wanted ? "a part" : "all") + content;
    }
    return (got == 0 ? "0" : "more than 0") + content;
  }

  /** Tells if the bytes read are a hole's zeros, data, or both. */
  private static String content(String data) {
    if (data.isEmpty()) {
      return "";
    }
    boolean zeros = data.matches("(00)+|(.*\\.)?00\\*\\d+(\\..*)?");
    boolean only = data.matches("(00)+|00\\*\\d+");
    return only ? " zeros" : zeros ? " zeros and data" : " data";
  }

  /** Bytes that an operation asks for; 0 for one that asks for none. */
  private static long wanted(Operation operation) {
    if (!(operation instanceof Operation.Call call)) {
      return 0;
    }
    return switch (call.syscall()) {
      case PWRITE, PWRITEV -> call.dataBytes();
      case PREAD, PREADV -> call.number(2);
      case PREAD_MAPPED, PWRITE_MAPPED -> call.number(4);
      default -> 0;
    };
  }

  /** Adds the counts of another table. */
  public void add(Map<String, Map<String, Integer>> other) {
    other.forEach((verb, row) ->
        row.forEach((kind, count) ->
            counts.computeIfAbsent(verb, _ -> new TreeMap<>()).merge(kind, count, Integer::sum)));
  }

  /** Returns the number of operations by verb and class of outcome, both in order of names. */
  public Map<String, Map<String, Integer>> counts() {
    return Collections.unmodifiableMap(counts);
  }

  /** Returns how many pairs of verb and class there are. */
  public int pairs() {
    return counts.values().stream().mapToInt(Map::size).sum();
  }

  /** Returns how many pairs there are when a child's operation is the same verb. */
  public int pairsOfAllProcesses() {
    return distinct(key -> key.replaceFirst("^in ", ""), kind -> kind);
  }

  /** Returns how many pairs there are when neither processes nor events tell classes apart. */
  public int pairsWithoutEvents() {
    return distinct(key -> key.replaceFirst("^in ", ""), kind -> kind.replaceFirst(" \\[.*", ""));
  }

  private int distinct(UnaryOperator<String> verbs, UnaryOperator<String> kinds) {
    Set<String> pairs = new HashSet<>();
    counts.forEach((verb, row) ->
        row.keySet().forEach(kind -> pairs.add(verbs.apply(verb) + "\n" + kinds.apply(kind))));
    return pairs.size();
  }

  /** Returns the errnos that occurred. */
  public Set<String> errnos() {
    Set<String> errnos = new TreeSet<>();
    counts
        .values()
        .forEach(row ->
            row.keySet().stream()
                .map(key -> key.replaceFirst(" \\[.*", ""))
                .filter(key -> key.matches("E[A-Z0-9]+"))
                .forEach(errnos::add));
    return errnos;
  }

  /** Returns the table with a line for each pair, and the list of what the generator leaves out. */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add("coverage: verb, class of outcome, operations");
    counts.forEach((verb, row) ->
        row.forEach(
            (kind, count) -> lines.add(String.format("  %-16s %8d  %s", verb, count, kind))));
    lines.add(
        "coverage: "
            + pairs()
            + " pairs of verb and class, "
            + pairsOfAllProcesses()
            + " if a child's verb is not its own, "
            + pairsWithoutEvents()
            + " if events are left out as well; errnos: "
            + String.join(" ", errnos()));
    lines.add("left out of generated programs:");
    LeftOut.kinds().forEach(kind -> lines.add("  " + kind));
    return String.join("\n", lines) + "\n";
  }
}
