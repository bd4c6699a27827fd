// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.TaskProgram;
import java.util.ArrayList;
import java.util.List;

/**
 * The operations of {@code explore/operations.txt}, as programs whose tasks are threads of one
 * process.
 */
public final class ThreadOperations {
  private static final String JOIN = "+";
  private static final String FREEZE = "freeze";

  private final OperationSections sections = OperationSections.read("/explore/operations.txt");

  private ThreadOperations() {}

  /** Reads the operations. */
  public static ThreadOperations read() {
    return new ThreadOperations();
  }

  /** Returns the names of the operations. */
  public List<String> names() {
    return sections.operations();
  }

  /**
   * Returns each operation with each, itself included, as in {@code append+read}. Two tasks that
   * freeze are left out: the second has EBUSY before the first is done, which is no order.
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
   * Returns the program of a pair or triple.
   *
   * @param name the names of the operations, joined by {@code +}
   * @throws IllegalArgumentException if one of them is unknown
   */
  public TaskProgram program(String name) {
    List<String> operations = List.of(name.split("\\+", -1));
    List<String> start = new ArrayList<>(sections.section("start"));
    for (int i = 0; i < operations.size(); i++) {
      start.addAll(OperationSections.ofTask(sections.before(operations.get(i)), i));
    }
    List<TaskProgram.Task> tasks = new ArrayList<>();
    for (int i = 0; i < operations.size(); i++) {
      List<String> body = OperationSections.ofTask(sections.body(operations.get(i)), i);
      tasks.add(
          new TaskProgram.Task(
              operations.get(i) + " " + OperationSections.letter(i),
              sections.after(name, start, body)));
    }
    Program prologue = sections.parse(name, start);
    return new TaskProgram(
        prologue, prologue.steps(), tasks, sections.after(name, start, sections.section("end")));
  }
}
