// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.TaskProgram;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The catalog of scenarios: those with a name of their own, and every pair of operations. Both are
 * programs, made of the lines of {@code explore/processes.txt}.
 */
public final class ScenarioCatalog {
  private static final String SCENARIO = "scenario ";
  private static final String HUGE = "huge ";
  private static final String DURABLE = "durable ";

  private static final OperationSections SECTIONS =
      OperationSections.read("/explore/processes.txt");

  private static final Map<String, NamedScenario> NAMED = new LinkedHashMap<>();

  static {
    for (String line : SECTIONS.names()) {
      int at = line.indexOf(SCENARIO);
      if (at >= 0) {
        List<String> words = List.of(line.substring(at + SCENARIO.length()).split(" ", -1));
        NAMED.put(
            words.getFirst(),
            new NamedScenario(
                words.getFirst(),
                words.subList(1, words.size()),
                line.startsWith(HUGE),
                line.startsWith(DURABLE)));
      }
    }
  }

  private ScenarioCatalog() {}

  /** Returns the scenarios that have a name of their own. */
  public static List<NamedScenario> named() {
    return List.copyOf(NAMED.values());
  }

  /** Returns the operations that are paired with each other. */
  public static List<String> operations() {
    return SECTIONS.operations().stream().filter(name -> !SECTIONS.has(name, "unpaired")).toList();
  }

  /** Returns whether an operation is a load or a store. */
  public static boolean isFault(String operation) {
    return SECTIONS.has(operation, "fault");
  }

  /**
   * Returns every pair of operations, including an operation paired with itself.
   *
   * @param profile the fault handlers; if they have PMD faults, the pairs on 2 MiB are included
   */
  public static List<NamedScenario> pairs(Profile profile) {
    List<NamedScenario> pairs = new ArrayList<>();
    List<String> all = operations();
    for (int i = 0; i < all.size(); i++) {
      for (String right : all.subList(i, all.size())) {
        String left = all.get(i);
        // Only one task can unlink the name, and only one can freeze.
        if (!left.equals(right) || !SECTIONS.has(left, "single")) {
          pairs.add(of(left, right, false));
        }
      }
    }
    if (profile.fourHandlers()) {
      for (String each : all) {
        pairs.add(of("write-block", each, true));
      }
    }
    return pairs;
  }

  /** Returns the scenarios that check the promises of fsync and the other durability calls. */
  public static List<NamedScenario> durability() {
    return NAMED.values().stream().filter(NamedScenario::durability).toList();
  }

  /** Returns the scenario of two operations, named by them. */
  public static NamedScenario of(String left, String right, boolean huge) {
    String name = left + "+" + right;
    return new NamedScenario(huge ? "pmd-" + name : name, List.of(left, right), huge, false);
  }

  /** Returns the scenario with this name, or with these operations as in {@code A+B}. */
  public static Optional<NamedScenario> find(String name) {
    NamedScenario named = NAMED.get(name);
    return named != null
        ? Optional.of(named)
        : pairs(Profile.SERIES).stream().filter(pair -> pair.name().equals(name)).findFirst();
  }

  /** Returns the program that makes the files of scenarios, once for all runs. */
  static Program files(boolean huge) {
    return SECTIONS.parse("files", placed(SECTIONS.section(huge ? HUGE + "files" : "files"), huge));
  }

  /** Returns the program of a scenario, whose children are its tasks. */
  static TaskProgram program(NamedScenario scenario) {
    boolean huge = scenario.huge();
    List<String> operations = scenario.operations();
    List<String> start = new ArrayList<>(SECTIONS.section("start"));
    List<List<String>> bodies = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      start.addAll(
          OperationSections.ofTask(SECTIONS.section(huge ? HUGE + "process" : "process"), i));
    }
    for (int i = 0; i < operations.size(); i++) {
      start.addAll(placed(inTask(SECTIONS.before(operations.get(i)), i), huge));
      bodies.add(placed(inTask(SECTIONS.body(operations.get(i)), i), huge));
    }
    Program program = SECTIONS.parse(scenario.name(), start);
    List<TaskProgram.Task> tasks = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      tasks.add(
          new TaskProgram.Task(
              operations.get(i), SECTIONS.after(scenario.name(), start, bodies.get(i))));
    }
    return new TaskProgram(program, program.steps(), tasks, List.of());
  }

  /** Returns lines as a task's process makes them. */
  private static List<String> inTask(List<String> lines, int task) {
    return OperationSections.ofTask(lines.stream().map(line -> "in {T} " + line).toList(), task);
  }

  /** Returns lines with the places of the layout. */
  private static List<String> placed(List<String> lines, boolean huge) {
    return lines.stream()
        .map(line ->
            line.replace("{FIRST}", huge ? "512P" : "0")
                .replace("{END}", huge ? "1024P" : "3P")
                .replace("{PAST}", huge ? "1536P" : "5P"))
        .map(OperationSections::withNames)
        .toList();
  }
}
