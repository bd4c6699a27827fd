// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.crash.CrashFinding;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.crash.kernel.KernelCrashSweep;
import io.pmem4j.harness.crash.kernel.LossCounts;
import io.pmem4j.harness.crash.model.ModelCrashSweep;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.report.Coverage;
import io.pmem4j.harness.report.ProgramLine;
import io.pmem4j.harness.report.StoreTable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Programs whose crash states are judged one after the other, as lines of a campaign. */
abstract class SweptPrograms implements AutoCloseable {
  private static final String STATES = Coverage.CRASH_STATES;
  private static final String TRIED = "tried";

  private final LossCounts losses = new LossCounts();

  /** Opens the sweep of a backend. */
  static SweptPrograms on(String backend, CrashMode mode, long atMost)
      throws BackendException, IOException {
    return backend.equals("model")
        ? new OnModel(mode, atMost)
        : new OnKernel(Kernel.of(backend.substring("guest:".length())), mode, atMost);
  }

  /** Returns the reason why a program is not swept; empty if it is. */
  final String refusal(Program program) {
    return program.steps().stream().anyMatch(step -> step.operation().isCall(Syscall.FILL))
        ? "it fills the volume: minutes of stores that differ in their place alone"
        : refusedBy(program);
  }

  abstract String refusedBy(Program program);

  abstract KernelCrashSweep.Outcome sweep(Program program) throws BackendException, IOException;

  @Override
  public abstract void close() throws IOException;

  /** Returns how often each known loss was left out. */
  Map<String, Long> forgiven() {
    return losses.inWords();
  }

  /** Runs a program, and judges its states. A failure of the environment becomes its line. */
  ProgramLine run(Program program) throws IOException {
    long start = System.nanoTime();
    try {
      KernelCrashSweep.Outcome outcome = sweep(program);
      losses.add(outcome);
      CrashReport report = outcome.report();
      Map<String, Map<String, Integer>> coverage = verbs(program);
      coverage.put(STATES, counts(outcome));
      return line(
          program,
          !report.passed()
              ? Verdict.DIVERGED
              : report.isComplete() ? Verdict.AGREED : Verdict.PARTIAL,
          start,
          report.findings().stream().map(CrashFinding::message).toList(),
          coverage,
          report.findings().stream()
              .map(
                  each -> StoreTable.of(each, outcome.trace().events(), outcome.changed()::inImage))
              .toList());
    } catch (BackendException e) {
      return line(
          program,
          e.isFinding() ? Verdict.DIVERGED : Verdict.NOT_RUN,
          start,
          List.of(e.describe()),
          verbs(program),
          List.of());
    } catch (RuntimeException e) {
      return line(
          program, Verdict.DIVERGED, start, List.of(e.toString()), verbs(program), List.of());
    }
  }

  private static ProgramLine line(
      Program program,
      Verdict verdict,
      long start,
      List<String> findings,
      Map<String, Map<String, Integer>> coverage,
      List<StoreTable> stores) {
    return new ProgramLine(
        program.name(),
        program.title(),
        verdict,
        program.steps().size(),
        (System.nanoTime() - start) / 1_000_000,
        findings,
        List.of(),
        Map.of(),
        coverage,
        List.of(),
        stores,
        verdict == Verdict.DIVERGED ? ProgramText.of(program) : "");
  }

  private static Map<String, Integer> counts(KernelCrashSweep.Outcome outcome) {
    Map<String, Integer> counts = new TreeMap<>();
    counts.put(TRIED, (int) Math.min(outcome.report().tried(), Integer.MAX_VALUE));
    counts.put("distinct images", outcome.images());
    counts.put("mounts", outcome.mounts());
    counts.put("repaired", outcome.repairs());
    outcome.complaints().forEach((kind, count) -> counts.put("e2fsck: " + kind, count));
    return counts;
  }

  private static Map<String, Map<String, Integer>> verbs(Program program) {
    Map<String, Map<String, Integer>> verbs = new TreeMap<>();
    for (ProgramStep step : program.steps()) {
      String verb = ProgramText.of(step.operation()).split(" ", 2)[0];
      verbs.computeIfAbsent(verb, _ -> new TreeMap<>()).merge("swept", 1, Integer::sum);
    }
    return verbs;
  }

  /** Returns the number of states that were tried for a line. */
  static int states(ProgramLine line) {
    return line.coverage().getOrDefault(STATES, Map.of()).getOrDefault(TRIED, 0);
  }

  /** Returns the word for a verdict. */
  static String word(Verdict verdict) {
    return switch (verdict) {
      case AGREED -> "HOLDS";
      case PARTIAL -> "SAMPLED";
      case DIVERGED -> "BROKEN";
      case NOT_RUN, OMITTED -> verdict.toString();
    };
  }

  private static final class OnModel extends SweptPrograms {
    private final ModelCrashSweep sweep;

    OnModel(CrashMode mode, long atMost) throws IOException {
      sweep = new ModelCrashSweep(Kernel.MERGED, CrashOrder.LINUX, mode, CrashLimits.of(atMost));
    }

    @Override
    String refusedBy(Program program) {
      return sweep.refusal(program);
    }

    @Override
    KernelCrashSweep.Outcome sweep(Program program) throws BackendException, IOException {
      return sweep.run(program);
    }

    @Override
    public void close() throws IOException {
      sweep.close();
    }
  }

  /** Boots its guests again after one of them has failed. */
  private static final class OnKernel extends SweptPrograms {
    private final Kernel kernel;
    private final CrashMode mode;
    private final long atMost;
    private @Nullable KernelCrashSweep sweep;

    OnKernel(Kernel kernel, CrashMode mode, long atMost) throws BackendException, IOException {
      this.kernel = kernel;
      this.mode = mode;
      this.atMost = atMost;
      sweep = boot();
    }

    private KernelCrashSweep boot() throws BackendException, IOException {
      return new KernelCrashSweep(
          kernel, directory -> Backends.spec(kernel, directory), mode, CrashLimits.of(atMost));
    }

    @Override
    String refusedBy(Program program) {
      return KernelCrashSweep.refusal(program);
    }

    @Override
    KernelCrashSweep.Outcome sweep(Program program) throws BackendException, IOException {
      KernelCrashSweep booted = sweep == null ? boot() : sweep;
      sweep = booted;
      boolean ended = false;
      try {
        KernelCrashSweep.Outcome outcome = booted.run(program);
        ended = true;
        return outcome;
      } finally {
        if (!ended) {
          sweep = null;
          booted.close();
        }
      }
    }

    @Override
    public void close() throws IOException {
      if (sweep != null) {
        sweep.close();
      }
    }
  }
}
