// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.TaskProgram;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The operations of {@code explore/operations.txt}, as programs whose tasks are threads of one
 * process.
 */
public final class ThreadOperations {
  private static final String JOIN = "+";
  private static final String THEN = ",";
  private static final String FREEZE = "freeze";

  /** The word of operations that have their own files and are paired by lines of their own. */
  private static final String NAMES = "names";

  /** The word of operations whose path may be another's when they have walked it. */
  private static final String MAY_FAIL = "may-fail";

  private static final String PAIR = "pair ";
  private static final int OPERATIONS_OF_A_TASK = 2;

  private final OperationSections sections = OperationSections.read("/explore/operations.txt");

  private ThreadOperations() {}

  /** Reads the operations. */
  public static ThreadOperations read() {
    return new ThreadOperations();
  }

  /** Returns the names of the operations that are paired with each other. */
  public List<String> names() {
    return sections.operations().stream().filter(name -> !sections.has(name, NAMES)).toList();
  }

  /** Returns the pairs of operations on names, as in {@code rename-file+lookup-names}. */
  public List<String> pairsOfNames() {
    return sections.names().stream()
        .filter(line -> line.startsWith(PAIR))
        .map(line -> line.substring(PAIR.length()))
        .toList();
  }

  /**
   * Returns each operation with each, itself included, as in {@code append+read}, but for those on
   * names. Two tasks that freeze are left out: the second has EBUSY before the first is done, which
   * is no order.
   */
  public List<String> pairs() {
    List<String> pairs = new ArrayList<>();
    List<String> names = names();
    for (int i = 0; i < names.size(); i++) {
      for (String right : names.subList(i, names.size())) {
        if (!right.equals(FREEZE) || !names.get(i).equals(FREEZE)) {
          pairs.add(names.get(i) + JOIN + right);
        }
      }
    }
    return pairs;
  }

  /** Returns the names of all pairs and triples. */
  public List<String> all() {
    List<String> all = new ArrayList<>(pairs());
    all.addAll(frozenTriples());
    all.addAll(pairsOfNames());
    return all;
  }

  /** Returns freeze with each pair of operations that it holds up. */
  public List<String> frozenTriples() {
    List<String> triples = new ArrayList<>();
    List<String> held = List.of("store-hole", "append", "create", "evict");
    for (int i = 0; i < held.size(); i++) {
      for (String right : held.subList(i, held.size())) {
        triples.add(FREEZE + JOIN + held.get(i) + JOIN + right);
      }
    }
    return triples;
  }

  /**
   * Returns the names of programs of two tasks, each of two operations, drawn at random. At most
   * one operation of a program freezes.
   *
   * @param seed the same seed gives the same names
   */
  public List<String> generated(long seed, int programs) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> generated = new ArrayList<>();
    while (generated.size() < programs) {
      List<String> drawn = new ArrayList<>();
      for (int i = 0; i < 2 * OPERATIONS_OF_A_TASK; i++) {
        drawn.add(names().get(random.nextInt(names().size())));
      }
      List<String> tasks =
          List.of(
              String.join(THEN, drawn.subList(0, OPERATIONS_OF_A_TASK)),
              String.join(THEN, drawn.subList(OPERATIONS_OF_A_TASK, drawn.size())));
      if (Collections.frequency(drawn, FREEZE) < 2 && canRun(tasks)) {
        generated.add(String.join(JOIN, tasks));
      }
    }
    return generated;
  }

  /** Returns whether no operation of a task uses what one before it has removed. */
  private boolean canRun(List<String> tasks) {
    List<String> start = start(tasks);
    for (int i = 0; i < tasks.size(); i++) {
      List<String> all = new ArrayList<>(start);
      all.addAll(lines(tasks.get(i), i, sections::body));
      if (!OperationSections.isProgram(all)) {
        return false;
      }
    }
    return true;
  }

  /** Returns lines of all operations of a task. */
  private static List<String> lines(
      String task, int index, Function<String, List<String>> ofOperation) {
    return OperationSections.ofTask(
        Stream.of(task.split(THEN, -1))
            .map(ofOperation)
            .flatMap(List::stream)
            .map(OperationSections::withNames)
            .toList(),
        index);
  }

  /** Returns the tasks of a program that may fail because another moves what their path names. */
  Set<Integer> mayFail(String name) {
    List<String> tasks = List.of(name.split("\\+", -1));
    return IntStream.range(0, tasks.size())
        .filter(task -> sections.operations().contains(tasks.get(task)))
        .filter(task -> sections.has(tasks.get(task), MAY_FAIL))
        .boxed()
        .collect(Collectors.toSet());
  }

  /** Returns the name of the section of the files that the tasks use. */
  private String section(List<String> tasks, String section) {
    boolean ofNames = sections.has(tasks.getFirst().split(THEN, -1)[0], NAMES);
    return ofNames ? NAMES + " " + section : section;
  }

  private List<String> start(List<String> tasks) {
    List<String> start = new ArrayList<>(sections.section(section(tasks, "start")));
    for (int i = 0; i < tasks.size(); i++) {
      start.addAll(lines(tasks.get(i), i, sections::before));
    }
    return start.stream().map(OperationSections::withNames).toList();
  }

  /**
   * Returns the program of two or three tasks.
   *
   * @param name the operations of the tasks: {@code +} between tasks, a comma between the
   *     operations of one, as in {@code append,fsync+read}
   * @throws IllegalArgumentException if one of them is unknown
   */
  public TaskProgram program(String name) {
    List<String> tasks = List.of(name.split("\\+", -1));
    List<String> start = start(tasks);
    List<TaskProgram.Task> made = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      made.add(
          new TaskProgram.Task(
              tasks.get(i) + " " + OperationSections.letter(i),
              sections.after(name, start, lines(tasks.get(i), i, sections::body))));
    }
    Program prologue = sections.parse(name, start);
    return new TaskProgram(
        prologue,
        prologue.steps(),
        made,
        sections.after(name, start, sections.section(section(tasks, "end"))));
  }
}
