// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.LockAudit;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Shrinker;
import io.pmem4j.harness.report.Summary;
import io.pmem4j.harness.report.Tally;
import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** Runs programs and prints the results, for the verbs that judge. */
final class ConformanceRun {
  /** Programs as short as this are read as they are. */
  private static final int WORTH_SHRINKING = 20;

  private static final int SHRINKING_RUNS = 150;

  /** Programs that run between two looks at the list where no locks are read. */
  private static final int UNAUDITED = 32;

  /** The largest number of programs of a run that are shrunk: many divergences have few causes. */
  private static final int MOST_SHRUNK = 10;

  private ConformanceRun() {}

  static Summary run(
      String verb,
      String kernel,
      Backends backends,
      List<Program> programs,
      PrintWriter out,
      Function<ProgramResult, String> text)
      throws InterruptedException {
    long start = System.nanoTime();
    Conformance conformance = new Conformance(backends);
    Tally tally;
    try (ProgressBar progress = progress(programs.size())) {
      tally = Tally.of(some(conformance, programs, progress, out, text));
    }
    return new Summary(verb, kernel, tally, Optional.empty(), millisSince(start));
  }

  /**
   * Runs programs as {@link #run} does, and compares the kernel's lock edges with the model's. No
   * result is kept once it is done.
   *
   * @param programs chosen when their turn comes
   * @param expected how many there will be, or -1
   * @param suite whether the programs take every lock that the kernel took to get up
   * @param done is told of each result, when it is final
   * @throws BackendException if the kernel cannot be asked for them
   */
  static Summary runWithLocks(
      String kernel,
      Backends backends,
      Iterator<Program> programs,
      int expected,
      boolean suite,
      PrintWriter out,
      Function<ProgramResult, String> text,
      Consumer<ProgramResult> done)
      throws BackendException, InterruptedException {
    long start = System.nanoTime();
    Conformance conformance = new Conformance(backends);
    Optional<LockAudit> locks =
        Kernel.of(kernel).hasPoints() ? Optional.of(LockAudit.of(backends)) : Optional.empty();
    List<Program> omitted = new ArrayList<>();
    Tally tally = new Tally();
    Consumer<ProgramResult> end = done.andThen(tally::add);
    Optional<LockAudit.Outcome> outcome;
    try (ProgressBar progress = progress(expected)) {
      while (programs.hasNext()) {
        List<Program> some = new ArrayList<>();
        int due = locks.map(LockAudit::due).orElse(UNAUDITED);
        while (some.size() < due && programs.hasNext()) {
          Program program = programs.next();
          (conformance.isWhole(program) ? some : omitted).add(program);
        }
        if (!some.isEmpty()) {
          List<ProgramResult> ran = some(conformance, some, progress, out, text);
          if (locks.isPresent()) {
            merge(locks.get().after(some), ran, out);
          }
          ran.forEach(end);
        }
      }
      outcome = locks.map(audit -> audit.end(suite));
      // What the kernel alone runs teaches its lockdep what the model cannot know.
      some(conformance, omitted, progress, out, text).forEach(end);
    }
    return new Summary("conform", kernel, tally, outcome, millisSince(start));
  }

  private static long millisSince(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }

  private static void merge(
      Map<Program, List<String>> findings, List<ProgramResult> results, PrintWriter out) {
    findings.forEach((program, lines) -> {
      for (String line : lines) {
        out.println("DIVERGED " + program.name() + ": " + line);
        results.replaceAll(result -> result.program().equals(program) ? result.with(line) : result);
      }
    });
  }

  private static List<ProgramResult> some(
      Conformance conformance,
      List<Program> programs,
      @Nullable ProgressBar progress,
      PrintWriter out,
      Function<ProgramResult, String> text)
      throws InterruptedException {
    List<ProgramResult> results = new ArrayList<>();
    conformance.run(
        programs,
        result -> {
          results.add(result);
          out.print(text.apply(result));
          out.flush();
          if (progress != null) {
            progress.setExtraMessage(result.program().name());
            progress.step();
          }
        });
    int shrunk = 0;
    for (ProgramResult result : results) {
      if (result.verdict() == Verdict.DIVERGED && isWorthShrinking(result)) {
        if (shrunk++ >= MOST_SHRUNK) {
          out.println("not shrinking " + result.program().name() + ": " + MOST_SHRUNK + " were");
          continue;
        }
        out.println("shrinking " + result.program().name() + ", up to " + SHRINKING_RUNS + " runs");
        out.flush();
        shrink(conformance, result, out);
      }
    }
    return results;
  }

  /** Not a schedule: half of one is another schedule, and may leave its tasks waiting. */
  private static boolean isWorthShrinking(ProgramResult result) {
    return result.steps().size() > WORTH_SHRINKING
        && result.program().steps().stream()
            .noneMatch(step -> step.operation() instanceof Operation.Park);
  }

  /** Prints the shortest program found that still diverges, for a bug report. */
  private static void shrink(Conformance conformance, ProgramResult result, PrintWriter out) {
    Program shortest =
        Shrinker.shrink(result.program(), conformance.repeats(result), SHRINKING_RUNS);
    out.println(
        "    "
            + result.program().name()
            + " shrunk to "
            + shortest.steps().size()
            + " operations:");
    ProgramText.of(shortest).lines().forEach(line -> out.println("    | " + line));
  }

  /** A bar on a terminal; nothing where a log is read later. */
  @SuppressWarnings("SystemConsoleNull") // NullAway reads the declaration, which still allows null
  private static @Nullable ProgressBar progress(int programs) {
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    return terminal && programs != 1 && programs != 0
        ? new ProgressBarBuilder()
            .setTaskName("programs")
            // -1: no end is known, and the bar shows how many are done.
            .setInitialMax(programs)
            .setUpdateIntervalMillis(200)
            .clearDisplayOnFinish()
            .build()
        : null;
  }

  static int finish(Summary summary, boolean json, PrintWriter out) {
    Map<String, String> substituted = KernelImages.substituted();
    substituted.forEach(
        (kernel, version) -> out.println("NOT THE PINNED KERNEL: " + kernel + ": " + version));
    out.println(summary.line());
    if (json) {
      out.println(summary.json().with("unpinned", substituted.isEmpty() ? null : substituted));
    }
    out.flush();
    return summary.exitStatus();
  }
}
