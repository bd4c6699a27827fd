// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.Backend;
import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.report.Summary;
import io.pmem4j.harness.report.TextReport;
import io.pmem4j.sched.Scheduler;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code run}: programs, every outcome shown. */
@Command(
    name = "run",
    description = "Runs a program and shows what each backend answered, side by side.")
final class RunCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "a program, a folder of them, or all: those that ship")
  private Path file;

  @Option(
      names = "--on",
      split = ",",
      paramLabel = "BACKEND",
      description = "model, guest:KERNEL, host:DIRECTORY (default: model)")
  private List<String> backends = List.of("model");

  @Option(
      names = "--exclusive",
      description =
          "the host's directory is the root of a mount that nobody else uses: it may be frozen,"
              + " filled, remounted")
  private boolean exclusive;

  @Option(
      names = {"-q", "--quiet"},
      description = "a line for each program, and outcomes only where something is wrong")
  private boolean quiet;

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills spec and file in
  RunCommand() {}

  /** Where a backend is not the image that programs were written for: what that leaves out. */
  private static void describe(Backend backend, PrintWriter out) {
    if (!backend.view().rules().isEmpty()) {
      out.println(backend.name() + ": " + backend.description());
      backend.view().rules().forEach(rule -> out.println("  " + rule));
    }
  }

  private List<Program> programs() throws Exception {
    return file.toString().equals("all") && !Files.exists(file)
        ? ProgramLibrary.shipped()
        : ProgramLibrary.at(file);
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    List<Program> programs = programs();
    Laboratory.requireKnown(backends);
    String kernel =
        backends.stream()
            .filter(name -> name.startsWith("guest:"))
            .map(name -> name.substring("guest:".length()))
            .findFirst()
            .orElse("");
    try (Laboratory laboratory = Laboratory.open(backends, Scheduler.production(), exclusive)) {
      laboratory.backends().forEach(backend -> describe(backend, out));
      Summary summary =
          Verdicts.run(
              "run",
              kernel,
              laboratory,
              programs,
              out,
              result ->
                  TextReport.line(result)
                      + "\n"
                      + (quiet ? TextReport.findings(result) : TextReport.sideBySide(result)));
      return Verdicts.finish(summary, json, out);
    }
  }
}
