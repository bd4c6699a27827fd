// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramSyntaxException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A resource of program lines in sections, of which programs with tasks are made. A line that is
 * not indented begins a section: {@code operation NAME WORDS} an operation of a task, any other the
 * section of that name. Lines of an operation that begin with {@code before} run before the tasks.
 */
final class OperationSections {
  private static final String OPERATION = "operation ";
  private static final String BEFORE = "before ";

  /** The distance of the stores of two tasks: more than a cache line. */
  private static final int BETWEEN_STORES = 74;

  private static final int FIRST_STORE = 10;

  /** Fifteen names that begin with two other letters fill a block of a directory. */
  private static final String LONG_NAME = "n".repeat(245);

  private final String resource;
  private final Map<String, List<String>> sections = new LinkedHashMap<>();
  private final Map<String, Operation> operations = new LinkedHashMap<>();

  /** The lines of an operation, and the words behind its name. */
  private record Operation(Set<String> words, List<String> lines) {}

  private OperationSections(String resource) {
    this.resource = resource;
  }

  static OperationSections read(String resource) {
    try (InputStream in = OperationSections.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + resource);
      }
      OperationSections read = new OperationSections(resource);
      List<String> section = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (line.startsWith("#") || line.isBlank()) {
          continue;
        }
        if (line.startsWith(" ")) {
          section.add(line.strip());
        } else {
          section = read.begin(line);
        }
      }
      return read;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> begin(String line) {
    List<String> section = new ArrayList<>();
    if (line.startsWith(OPERATION)) {
      List<String> words = List.of(line.substring(OPERATION.length()).split(" ", -1));
      operations.put(
          words.getFirst(), new Operation(Set.copyOf(words.subList(1, words.size())), section));
    } else {
      sections.put(line, section);
    }
    return section;
  }

  /** Returns the names of the operations. */
  List<String> operations() {
    return List.copyOf(operations.keySet());
  }

  /** Returns the names of the sections that are no operations. */
  List<String> names() {
    return List.copyOf(sections.keySet());
  }

  /** Returns whether an operation has a word behind its name. */
  boolean has(String operation, String word) {
    return operation(operation).words.contains(word);
  }

  private Operation operation(String name) {
    Operation operation = operations.get(name);
    if (operation == null) {
      throw new IllegalArgumentException(
          "unknown operation '" + name + "', expected one of " + String.join(", ", operations()));
    }
    return operation;
  }

  /** Returns the lines of a section that is no operation. */
  List<String> section(String name) {
    List<String> lines = sections.get(name);
    if (lines == null) {
      throw new IllegalStateException(resource + ": no section " + name);
    }
    return lines;
  }

  /** Returns the lines of an operation that run before the tasks. */
  List<String> before(String operation) {
    return operation(operation).lines.stream()
        .filter(line -> line.startsWith(BEFORE))
        .map(line -> line.substring(BEFORE.length()))
        .toList();
  }

  /** Returns the lines of an operation that its task runs. */
  List<String> body(String operation) {
    return operation(operation).lines.stream().filter(line -> !line.startsWith(BEFORE)).toList();
  }

  /** Returns the letter of a task, from A on. */
  static String letter(int task) {
    return String.valueOf((char) ('A' + task));
  }

  /** Returns a line with the long name in the place of its word. */
  static String withNames(String line) {
    return line.replace("{LONG}", LONG_NAME);
  }

  /**
   * Returns lines with the letter, the byte and the place of a task in the place of their names.
   */
  static List<String> ofTask(List<String> lines, int task) {
    String letter = letter(task);
    String mark = "x%02x".formatted((int) letter.charAt(0));
    String place = String.valueOf(FIRST_STORE + task * BETWEEN_STORES);
    return lines.stream()
        .map(line -> line.replace("{T}", letter).replace("{M}", mark).replace("{AT}", place))
        .toList();
  }

  /** Returns whether lines are a program: each uses names that a line before has made. */
  static boolean isProgram(List<String> lines) {
    try {
      return !ProgramParser.parse("generated", String.join("\n", lines) + "\n").steps().isEmpty();
    } catch (ProgramSyntaxException e) {
      return false;
    }
  }

  /** Parses lines as a program. */
  Program parse(String name, List<String> lines) {
    try {
      return ProgramParser.parse(name, String.join("\n", lines) + "\n");
    } catch (ProgramSyntaxException e) {
      throw new IllegalStateException(resource + ": " + e.getMessage(), e);
    }
  }

  /** Parses lines that use names which other lines have made, and returns their steps alone. */
  List<ProgramStep> after(String name, List<String> start, List<String> lines) {
    List<String> all = new ArrayList<>(start);
    all.addAll(lines);
    List<ProgramStep> steps = parse(name, all).steps();
    return steps.subList(steps.size() - lines.size(), steps.size());
  }
}
