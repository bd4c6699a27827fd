// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import io.pmem4j.harness.conform.StepResult;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.ProgramText;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A step of a program that diverged: a row of the picture of its interleaving.
 *
 * @param line of the program
 * @param process the child that does it; empty for the program itself
 * @param kind what becomes of the child
 * @param text the operation
 * @param outcomes by backend
 * @param findings a line each
 */
public record StepLine(
    int line,
    String process,
    Kind kind,
    String text,
    Map<String, String> outcomes,
    List<String> findings) {
  /** The effect of a step on its process. */
  public enum Kind {
    /** The process did it, and the program waited. */
    DONE,
    /** The process began it, and the program went on. */
    BEGUN,
    /** The program waited for what the process had begun. */
    AWAITED,
    /** The program steered the process, or looked at it. */
    STEERED
  }

  /** Copies the collections. */
  public StepLine {
    outcomes = Collections.unmodifiableMap(new LinkedHashMap<>(outcomes));
    findings = List.copyOf(findings);
  }

  /** Returns the row of a step. */
  static StepLine of(StepResult result) {
    Operation operation = result.step().operation();
    Map<String, String> outcomes = new LinkedHashMap<>();
    result.outcomes().forEach((backend, outcome) -> outcomes.put(backend, outcome.toString()));
    Operation shown = operation instanceof Operation.In in ? in.operation() : operation;
    return new StepLine(
        result.step().line(),
        process(operation),
        kind(operation),
        operation instanceof Operation.Begin begin
            ? ProgramText.of(begin.operation())
            : ProgramText.of(shown),
        outcomes,
        result.findings());
  }

  private static String process(Operation operation) {
    return switch (operation) {
      case Operation.In in -> in.child();
      case Operation.Fork fork -> fork.child();
      case Operation.Exit exit -> exit.child();
      case Operation.Begin begin -> begin.child();
      case Operation.Await await -> await.child();
      case Operation.Park park -> park.child();
      case Operation.Arrive arrive -> arrive.child();
      case Operation.Release release -> release.child();
      case Operation.Blocked blocked -> blocked.child();
      default -> "";
    };
  }

  private static Kind kind(Operation operation) {
    return switch (operation) {
      case Operation.Begin _ -> Kind.BEGUN;
      case Operation.Await _ -> Kind.AWAITED;
      case Operation.Fork _,
          Operation.Exit _,
          Operation.Park _,
          Operation.Arrive _,
          Operation.Release _,
          Operation.Blocked _ ->
          Kind.STEERED;
      default -> Kind.DONE;
    };
  }
}
