// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;
import java.util.StringJoiner;

/** Writes programs in the form that {@link ProgramParser} reads. */
public final class ProgramText {
  private ProgramText() {}

  /** The whole program. */
  public static String of(Program program) {
    StringJoiner text = new StringJoiner("\n", "", "\n");
    if (!program.id().isEmpty()) {
      text.add("id    " + program.id());
    }
    text.add("title " + program.title());
    if (!program.rows().isEmpty()) {
      text.add("rows  " + String.join(" ", program.rows()));
    }
    text.add("scope " + program.scope());
    text.add("pid   " + program.pid());
    if (!program.kernels().isEmpty()) {
      text.add("kernels " + String.join(" ", program.kernels()));
    }
    if (!program.image().withSetup(List.of()).equals(ImageShape.DEFAULT)) {
      text.add("image " + program.image());
    }
    program.image().setup().forEach(line -> text.add("setup " + line));
    if (!program.mount().equals(ProgramMount.DEFAULT)) {
      text.add("mount " + program.mount());
    }
    text.add("");
    for (ProgramStep step : program.steps()) {
      text.add(
          of(step.operation())
              + (step.expected().isEmpty() ? "" : " => " + String.join(" ", step.expected())));
    }
    return text.toString();
  }

  /** Returns the text of one operation. */
  public static String of(Operation operation) {
    return switch (operation) {
      case Operation.Call call -> call(call);
      case Operation.Fork fork -> "fork " + fork.child();
      case Operation.In in -> "in " + in.child() + " " + of(in.operation());
      case Operation.Park park -> "park " + park.child() + " " + park.point();
      case Operation.Begin begin -> "begin " + begin.child() + " " + of(begin.operation());
      case Operation.Arrive arrive -> "arrive " + arrive.child() + " " + arrive.point();
      case Operation.Release release -> "release " + release.child() + " " + release.point();
      case Operation.Blocked blocked -> "blocked " + blocked.child();
      case Operation.Await await -> "await " + await.child();
      case Operation.Exit exit -> "exit " + exit.child();
      case Operation.Remount remount -> "remount " + remount.options();
      case Operation.Mounted _ -> "mounted";
      case Operation.Lockdep edge -> "lockdep " + edge.outer() + " " + edge.inner();
      case Operation.PowerCut _ -> "power-cut";
      case Operation.LossyCut cut -> "cut lossy " + cut.seed();
      case Operation.Clock clock -> "clock " + clock.seconds();
    };
  }

  private static String call(Operation.Call call) {
    StringJoiner words = new StringJoiner(" ");
    words.add(call.syscall().toString());
    for (int i = 0; i < call.arguments().size(); i++) {
      String word = call.syscall().parameters().get(i).text(call.arguments().get(i));
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words.toString();
  }
}
