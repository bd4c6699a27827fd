// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.GeneratedPrograms;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.guest.qemu.GuestMachine;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramMount;
import io.pmem4j.harness.report.CampaignSettings;
import io.pmem4j.harness.report.Coverage;
import io.pmem4j.harness.report.Shard;
import io.pmem4j.harness.report.Summary;
import io.pmem4j.harness.report.TextReport;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.sched.Scheduler;
import java.io.Closeable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code conform}: the main job. */
@Command(
    name = "conform",
    description = {
      "Runs programs on ext2-dax and on the booted kernel and compares every outcome,",
      "every DAX trace event and every used block of the images."
    })
final class ConformCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--kernel",
      paramLabel = "NAME",
      description =
          "the kernel to boot (default: merged, or the first later one when no archive offers the"
              + " source of merged any more)")
  private @Nullable String asked;

  @Option(
      names = "--programs",
      paramLabel = "PATH",
      description = "files or folders of programs instead of those that ship")
  private List<Path> paths = List.of();

  @Option(
      names = "--generated",
      paramLabel = "COUNT",
      description =
          "how many generated programs run too (default: 20, and 0 if --programs is given)")
  private @Nullable Integer generated;

  @Option(
      names = "--operations",
      paramLabel = "N",
      description = "operations of a generated program (default: ${DEFAULT-VALUE})")
  private int operations = 60;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "seed of the first generated program (default: ${DEFAULT-VALUE})")
  private long seed = 2015;

  @Option(
      names = "--mutant",
      paramLabel = "NAME",
      description = "run the model with a mutant's fault: the comparison has to find it")
  private @Nullable String mutant;

  @Option(
      names = "--coverage",
      description = "print the table of verbs and classes of outcome, and what is left out")
  private boolean coverage;

  @Mixin private PartOptions campaign = new PartOptions();

  @Mixin private MachineOption machine = new MachineOption();

  @Mixin private MountOption mount = new MountOption();

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills the spec in
  ConformCommand() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (mutant != null && !MutantVerb.runsOnMutant()) {
      return MutantVerb.run(spec.commandLine(), mutant);
    }
    Backends.requireKnown(List.of("model", "guest:" + (asked == null ? Kernel.MERGED : asked)));
    GuestMachine hardware = machine.chosen();
    ProgramMount chosenMount = mount.chosen();
    List<Program> programs = programs();
    int count = generated();
    if (operations < 1 || operations > 10_000) {
      throw new IllegalArgumentException("--operations must be 1 to 10000");
    }
    Optional<Duration> time = campaign.time();
    Shard shard = campaign.shard();
    List<String> uncovered = new ArrayList<>();
    String kernel = asked == null ? kernelToBeHad(uncovered) : asked;
    ProgramMount more = chosenMount.and(Kernel.of(kernel).mount());
    Predicate<Program> fits = GeneratedPrograms.fit(Kernel.of(kernel));
    CampaignSettings settings =
        new CampaignSettings(
            "conform",
            kernel,
            hardware.toString(),
            folders() + (more.equals(ProgramMount.DEFAULT) ? "" : " mounted with " + more),
            operations,
            seed,
            shard,
            Environment.of(kernel));
    List<String> names = List.of("model", "guest:" + kernel);
    try (Closeable _ = campaign.open(settings);
        Backends backends = Backends.open(names, Scheduler.production(), false, hardware)) {
      boolean suite = paths.isEmpty() && shard.equals(Shard.WHOLE) && campaign.resumed() == 0;
      long deadline = System.nanoTime() + time.orElse(Duration.ZERO).toNanos();
      Iterator<Program> chosen =
          campaign.programs(
              programs, time.isPresent() ? -1 : count, deadline, seed, operations, fits, more);
      Coverage table = new Coverage();
      Summary summary =
          ConformanceRun.runWithLocks(
              kernel,
              backends,
              chosen,
              time.isPresent() ? -1 : programs.size() + count,
              suite,
              out,
              ConformCommand::text,
              result -> {
                campaign.record(result);
                if (coverage) {
                  table.add(result);
                }
              });
      summary.tally().addEarlier(campaign.resumed());
      campaign.end(summary);
      if (campaign.leftOut() > 0) {
        out.println(
            "left out: "
                + campaign.leftOut()
                + " generated programs that kernel "
                + kernel
                + " does not end or answers by chance");
      }
      if (campaign.resumed() > 0) {
        out.println("not run again: " + campaign.resumed() + " programs of an earlier run");
      }
      out.println("forgiven, and how often:");
      Forgiveness.report().forEach(rule -> out.println("  " + rule));
      out.print(TextReport.differences(kernel, summary));
      out.print(TextReport.locks(summary));
      if (coverage) {
        out.print(table.text());
      }
      uncovered.forEach(out::println);
      return ConformanceRun.finish(summary, json, out);
    }
  }

  private int generated() {
    int count = generated != null ? generated : paths.isEmpty() ? 20 : 0;
    if (count < 0 || count > 1_000_000) {
      throw new IllegalArgumentException("--generated must be 0 to 1000000");
    }
    return count;
  }

  /**
   * Returns the kernel to compare with if none is asked for, and adds the claims that it does not
   * cover.
   */
  private static String kernelToBeHad(List<String> uncovered)
      throws GuestException, BackendException {
    for (Kernel kernel : List.of(Kernel.MERGED, Kernel.LINUX_6_1, Kernel.LINUX_6_12)) {
      Optional<String> refusal = KernelImages.refusal(kernel.image());
      if (refusal.isEmpty()) {
        return kernel.toString();
      }
      uncovered.add("NOT COVERED: " + kernel + ": " + refusal.get());
      if (kernel == Kernel.MERGED) {
        uncovered.add(
            "NOT COVERED: the claims that "
                + Arrays.stream(Kernel.values())
                    .filter(row -> !row.isLater())
                    .map(Kernel::toString)
                    .collect(Collectors.joining(", "))
                + " show (docs/dax-sem.md): the lock order of the series as merged and as posted,"
                + " the races without dax_sem, the handlers of 2015");
      }
    }
    throw BackendException.environment(
        "no kernel can be had: " + String.join("; ", uncovered), null);
  }

  private static String text(ProgramResult result) {
    return TextReport.line(result) + "\n" + TextReport.findings(result);
  }

  private String folders() {
    return paths.isEmpty()
        ? "shipped"
        : paths.stream().map(Path::toString).collect(Collectors.joining(" "));
  }

  private List<Program> programs() throws Exception {
    if (paths.isEmpty()) {
      return ProgramLibrary.shipped();
    }
    List<Program> programs = new ArrayList<>();
    for (Path path : paths) {
      programs.addAll(ProgramLibrary.at(path));
    }
    return programs;
  }
}
