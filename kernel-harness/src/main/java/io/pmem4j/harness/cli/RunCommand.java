// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.guest.qemu.GuestMachine;
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
import picocli.CommandLine.Mixin;
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
  private List<String> names = List.of("model");

  @Option(
      names = "--exclusive",
      description =
          "the host's directory is the root of a mount without other users: it may be frozen,"
              + " filled, remounted")
  private boolean exclusive;

  @Mixin private MachineOption machine = new MachineOption();

  @Option(
      names = {"-q", "--quiet"},
      description = "a line for each program, and outcomes only where something is wrong")
  private boolean quiet;

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills spec and file in
  RunCommand() {}

  /**
   * Describes a backend that is not the image that programs were written for, and the values that
   * it leaves out.
   */
  private static void describe(ProgramBackend backend, PrintWriter out) {
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
    Backends.requireKnown(names);
    GuestMachine hardware = machine.chosen();
    if (machine.isGiven()) {
      Backends.requireBooted(names, hardware);
    }
    String kernel =
        names.stream()
            .filter(name -> name.startsWith("guest:"))
            .map(name -> name.substring("guest:".length()))
            .findFirst()
            .orElse("");
    try (Backends backends = Backends.open(names, Scheduler.production(), exclusive, hardware)) {
      backends.all().forEach(backend -> describe(backend, out));
      Summary summary =
          ConformanceRun.run(
              "run",
              kernel,
              backends,
              programs,
              out,
              result ->
                  TextReport.line(result)
                      + "\n"
                      + (quiet ? TextReport.findings(result) : TextReport.sideBySide(result)));
      return ConformanceRun.finish(summary, json, out);
    }
  }
}
