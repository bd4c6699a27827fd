// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramSyntaxException;
import io.pmem4j.harness.program.TaskProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The operations of {@code explore/operations.txt}, as programs whose tasks are threads of one
 * process.
 */
public final class ThreadOperations {
  private static final String RESOURCE = "/explore/operations.txt";
  private static final String START = "start";
  private static final String END = "end";
  private static final String BEFORE = "before ";
  private static final String JOIN = "+";
  private static final String FREEZE = "freeze";

  /** The byte that each task stores. */
  private static final Map<String, String> BYTES = Map.of("A", "x41", "B", "x42", "C", "x43");

  private final Map<String, List<String>> sections = new LinkedHashMap<>();

  private ThreadOperations() {}

  /** Reads the operations. */
  public static ThreadOperations read() {
    try (InputStream in = ThreadOperations.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + RESOURCE);
      }
      ThreadOperations read = new ThreadOperations();
      List<String> section = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (line.startsWith("#") || line.isBlank()) {
          continue;
        }
        if (line.startsWith(" ")) {
          section.add(line.strip());
        } else {
          section = new ArrayList<>();
          read.sections.put(line.replaceFirst("^operation ", ""), section);
        }
      }
      return read;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the names of the operations. */
  public List<String> names() {
    return sections.keySet().stream()
        .filter(name -> !name.equals(START) && !name.equals(END))
        .toList();
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
    String[] operations = name.split("\\+", -1);
    List<String> start = new ArrayList<>(section(START));
    List<List<String>> bodies = new ArrayList<>();
    for (int i = 0; i < operations.length; i++) {
      List<String> body = new ArrayList<>();
      for (String line : section(operations[i])) {
        if (line.startsWith(BEFORE)) {
          start.add(ofTask(line.substring(BEFORE.length()), i));
        } else {
          body.add(ofTask(line, i));
        }
      }
      bodies.add(body);
    }
    Program prologue = parse(name, start);
    List<TaskProgram.Task> tasks = new ArrayList<>();
    for (int i = 0; i < bodies.size(); i++) {
      tasks.add(
          new TaskProgram.Task(operations[i] + " " + letter(i), after(name, start, bodies.get(i))));
    }
    return new TaskProgram(prologue, prologue.steps(), tasks, after(name, start, section(END)));
  }

  private List<String> section(String name) {
    List<String> lines = sections.get(name);
    if (lines == null) {
      throw new IllegalArgumentException(
          "unknown operation '" + name + "', expected one of " + String.join(", ", names()));
    }
    return lines;
  }

  private static String letter(int task) {
    return String.valueOf((char) ('A' + task));
  }

  private static String ofTask(String line, int task) {
    String letter = letter(task);
    return line.replaceAll(" \\{T}", " " + BYTES.get(letter)).replace("{T}", letter);
  }

  /** Parses the lines of one task as if it ran alone after the start. */
  private static List<ProgramStep> after(String name, List<String> start, List<String> lines) {
    List<String> all = new ArrayList<>(start);
    all.addAll(lines);
    List<ProgramStep> steps = parse(name, all).steps();
    return steps.subList(steps.size() - lines.size(), steps.size());
  }

  private static Program parse(String name, List<String> lines) {
    try {
      return ProgramParser.parse(name, String.join("\n", lines) + "\n");
    } catch (ProgramSyntaxException e) {
      throw new IllegalStateException(RESOURCE + ": " + e.getMessage(), e);
    }
  }
}
