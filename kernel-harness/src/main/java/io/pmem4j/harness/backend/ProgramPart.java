// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The steps of a program that a backend runs. A query is omitted alone. A step that changes
 * attributes of a file is omitted with the next fstat(2) and statx(2) of that file. Any other step
 * that changes something ends the part, because later steps have no meaning without it.
 *
 * @param omitted one for each step: empty if the backend runs it, otherwise the reason
 * @param imageCounts whether the backend runs every step with effects, so that its image is
 *     compared
 */
public record ProgramPart(List<Optional<String>> omitted, boolean imageCounts) {
  /** The reach of the effects of a step that a backend lacks. */
  public enum Reach {
    /** It only asks. */
    NOTHING,
    /** The mode, the owner or the times of the file that it names. */
    ATTRIBUTES,
    /** Later steps of any kind. */
    ALL
  }

  /**
   * A step that a backend lacks.
   *
   * @param what the reason, in words
   */
  public record Lack(String what, Reach reach) {}

  /** Copies the list. */
  public ProgramPart {
    omitted = List.copyOf(omitted);
  }

  /** Returns the part of a backend that runs every step. */
  public static ProgramPart whole(Program program) {
    return of(program, _ -> Optional.empty());
  }

  /** Returns the part of a backend that lacks some operations. */
  public static ProgramPart of(Program program, Function<Operation, Optional<Lack>> lacks) {
    return new Division(lacks).divide(program);
  }

  /** The steps so far, and the effects of those that were omitted. */
  private static final class Division {
    private final Function<Operation, Optional<Lack>> lacks;
    private final List<Optional<String>> omitted = new ArrayList<>();
    private final Map<String, String> paths = new HashMap<>();

    /** Why attributes are unknown, by path. */
    private final Map<String, String> unknown = new HashMap<>();

    private Optional<String> ended = Optional.empty();

    Division(Function<Operation, Optional<Lack>> lacks) {
      this.lacks = lacks;
    }

    ProgramPart divide(Program program) {
      program.steps().forEach(step -> omitted.add(reason(step)));
      return new ProgramPart(omitted, ended.isEmpty() && unknown.isEmpty());
    }

    private Optional<String> reason(ProgramStep step) {
      if (ended.isPresent()) {
        return ended;
      }
      Operation operation =
          switch (step.operation()) {
            case Operation.In in -> in.operation();
            case Operation.Begin begin -> begin.operation();
            default -> step.operation();
          };
      Optional<Lack> lack = lacks.apply(operation);
      if (lack.isPresent()) {
        note(step, operation, lack.get());
        return lack.map(Lack::what);
      }
      if (!(operation instanceof Operation.Call call)) {
        return Optional.empty();
      }
      return switch (call.syscall()) {
        case OPEN -> {
          paths.put(call.text(0), call.text(1));
          yield Optional.empty();
        }
        case FSTAT -> Optional.ofNullable(unknown.get(paths.getOrDefault(call.text(0), "")));
        case STATX -> Optional.ofNullable(unknown.get(path(call)));
        default -> Optional.empty();
      };
    }

    private void note(ProgramStep step, Operation operation, Lack lack) {
      String after = "they follow line " + step.line() + ": " + lack.what();
      switch (lack.reach()) {
        case NOTHING -> {}
        case ATTRIBUTES -> unknown.put(path(operation), after);
        case ALL -> ended = Optional.of(after);
      }
    }

    /** The path that a call begins with. */
    private static String path(Operation operation) {
      return ((Operation.Call) operation).text(0);
    }
  }

  /** Returns whether the backend runs the step with this index. */
  public boolean runs(int step) {
    return omitted.get(step).isEmpty();
  }

  /** Returns the operations that the backend runs, in order. */
  public List<Operation> operations(Program program) {
    List<Operation> operations = new ArrayList<>();
    for (int i = 0; i < omitted.size(); i++) {
      if (runs(i)) {
        operations.add(program.steps().get(i).operation());
      }
    }
    return operations;
  }

  /** Returns whether the backend runs every step. */
  public boolean isComplete() {
    return omitted.stream().allMatch(Optional::isEmpty);
  }

  /** Returns whether the backend runs no step at all. */
  public boolean isEmpty() {
    return omitted.stream().noneMatch(Optional::isEmpty);
  }

  /** Returns one line for each reason, with the number of steps that it leaves out. */
  public List<String> notes() {
    Map<String, Integer> steps = new LinkedHashMap<>();
    omitted.forEach(reason -> reason.ifPresent(text -> steps.merge(text, 1, Integer::sum)));
    List<String> notes = new ArrayList<>();
    steps.forEach((reason, count) ->
        notes.add("not run: " + count + " of " + omitted.size() + " operations: " + reason));
    return notes;
  }
}
