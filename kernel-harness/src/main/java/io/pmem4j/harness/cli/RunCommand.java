// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.report.Summary;
import io.pmem4j.harness.report.TextReport;
import io.pmem4j.sched.Scheduler;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code run}: one program, every outcome shown. */
@Command(
    name = "run",
    description = "Runs a program and shows what each backend answered, side by side.")
final class RunCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(index = "0", paramLabel = "FILE", description = "the program")
  private Path file;

  @Option(
      names = "--on",
      split = ",",
      paramLabel = "BACKEND",
      description = "model, guest:KERNEL (default: model)")
  private List<String> backends = List.of("model");

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills spec and file in
  RunCommand() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    List<Program> programs = ProgramLibrary.at(file);
    Laboratory.requireKnown(backends);
    String kernel =
        backends.stream()
            .filter(name -> name.startsWith("guest:"))
            .map(name -> name.substring("guest:".length()))
            .findFirst()
            .orElse("");
    try (Laboratory laboratory = Laboratory.open(backends, Scheduler.production())) {
      Summary summary =
          Verdicts.run("run", kernel, laboratory, programs, out, TextReport::sideBySide);
      return Verdicts.finish(summary, json, out);
    }
  }
}
