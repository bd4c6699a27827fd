// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.crash.kernel.KernelCrashSweep;
import io.pmem4j.harness.crash.kernel.KnownLoss;
import io.pmem4j.harness.crash.kernel.LossCounts;
import io.pmem4j.harness.crash.model.ModelCrashSweep;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.report.JsonLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** {@code crash PROGRAM}: the power cuts of programs on the model or on a booted kernel. */
final class ProgramCrash {
  /** The model, as a backend is named. */
  static final String MODEL = "model";

  private static final String PREFIX = "guest:";

  private final String name;
  private final CrashOrder order;
  private final CrashMode mode;
  private final CrashLimits limits;
  private final boolean json;
  private final VariantOptions variant;
  private final Map<String, Integer> complaints = new TreeMap<>();
  private int programs;
  private int refused;
  private int failed;
  private long states;
  private BigInteger theoretical = BigInteger.ZERO;
  private int images;
  private int mounts;
  private int findings;
  private final LossCounts losses = new LossCounts();
  private double judging;

  /**
   * Prepares a run.
   *
   * @param name the model, or a backend that boots a kernel
   * @param order the order in which metadata becomes durable
   * @param variant the mount and the blocks of the programs
   * @throws IllegalArgumentException if the name is neither, or a kernel's order is not Linux's
   */
  ProgramCrash(
      String name,
      CrashOrder order,
      CrashMode mode,
      CrashLimits limits,
      VariantOptions variant,
      boolean json) {
    Backends.requireKnown(List.of(name));
    variant.requireKnown();
    if (!name.equals(MODEL) && !name.startsWith(PREFIX)) {
      throw new IllegalArgumentException("--on is " + name + ", expected model or guest:KERNEL");
    }
    if (order == CrashOrder.ORDERED && !name.equals(MODEL)) {
      throw new IllegalArgumentException(
          "--order ordered is for --on model: " + name + " has the order of Linux");
    }
    this.name = name;
    this.order = order;
    this.mode = mode;
    this.limits = limits;
    this.variant = variant;
    this.json = json;
  }

  /**
   * Runs programs, and returns the exit status. Programs of a folder that cannot be explored are
   * shown with the reason; one that is named itself must be explorable.
   */
  int run(List<String> names, PrintWriter out) throws Exception {
    long start = System.nanoTime();
    if (name.equals(MODEL)) {
      try (ModelCrashSweep sweep = new ModelCrashSweep(Kernel.MERGED, order, mode, limits)) {
        explore(programs(names, sweep::refusal, out), sweep::run, out);
      }
    } else {
      List<Program> programs = programs(names, KernelCrashSweep::refusal, out);
      Kernel kernel = Kernel.of(name.substring(PREFIX.length()));
      try (KernelCrashSweep sweep =
          new KernelCrashSweep(
              kernel, directory -> Backends.spec(kernel, directory), mode, limits)) {
        explore(programs, sweep::run, out);
      }
    }
    return end((System.nanoTime() - start) / 1e9, out);
  }

  /** Returns the programs that can be explored, in the variant asked for. */
  private List<Program> programs(
      List<String> names, Function<Program, String> refusals, PrintWriter out) throws Exception {
    List<Program> programs = new ArrayList<>();
    for (String path : names) {
      boolean folder = Files.isDirectory(Path.of(path));
      for (Program program : ProgramLibrary.at(Path.of(path))) {
        try {
          Program varied = variant.of(program);
          String refusal = refusals.apply(varied);
          if (!refusal.isEmpty()) {
            throw new IllegalArgumentException(refusal);
          }
          programs.add(varied);
        } catch (IllegalArgumentException e) {
          if (!folder) {
            throw new IllegalArgumentException(program.name() + ": " + e.getMessage(), e);
          }
          refused++;
          out.printf("%-28s not run: %s%n", program.name(), e.getMessage());
        }
      }
    }
    return programs;
  }

  /** Runs a program and explores its power cuts. */
  @FunctionalInterface
  private interface Sweep {
    KernelCrashSweep.Outcome run(Program program) throws BackendException, IOException;
  }

  private void explore(List<Program> explored, Sweep sweep, PrintWriter out)
      throws BackendException, IOException {
    for (Program program : explored) {
      try {
        add(program, sweep.run(program), out);
        programs++;
      } catch (BackendException e) {
        if (explored.size() == 1) {
          throw e;
        }
        failed++;
        out.printf("%-28s failed: %s%n", program.name(), e.getMessage());
      }
      out.flush();
    }
  }

  private void add(Program program, KernelCrashSweep.Outcome outcome, PrintWriter out) {
    long tried = outcome.report().tried();
    BigInteger all = outcome.report().leftOut().add(BigInteger.valueOf(tried));
    states += tried;
    theoretical = theoretical.add(all);
    images += outcome.images();
    mounts += outcome.mounts();
    judging += outcome.report().nanos() / 1e9;
    losses.add(outcome);
    findings += outcome.report().findings().size();
    outcome.complaints().forEach((kind, count) -> complaints.merge(kind, count, Integer::sum));
    out.printf(
        "%-28s %,7d records, %3d pages, %s cuts, %,5d of %.2e states, %,5d images, %,5d mounts,"
            + " %,d repaired, %,d kept before repair, %,.0f images/s: %s%n",
        program.name(),
        outcome.records(),
        outcome.pages(),
        outcome.report().points() == outcome.cuts()
            ? "%3d".formatted(outcome.cuts())
            : "sampled %,d of %,d".formatted(outcome.report().points(), outcome.cuts()),
        tried,
        new BigDecimal(all),
        outcome.images(),
        outcome.mounts(),
        outcome.repairs(),
        outcome.keptAtOnce(),
        outcome.imagesPerSecond(),
        outcome.report().passed() ? "holds" : outcome.report().broken() + " broken");
    outcome.report().findings().forEach(each -> out.println("  finding: " + each.message()));
    out.flush();
  }

  private int end(double seconds, PrintWriter out) {
    String verdict = findings > 0 ? "FAIL" : failed > 0 || programs == 0 ? "ERROR" : "PASS";
    if (!complaints.isEmpty()) {
      out.println("complaints of e2fsck (images):");
      complaints.forEach((kind, count) -> out.printf("  %,6d  %s%n", count, kind));
    }
    losses
        .inWords()
        .forEach((words, count) ->
            out.printf("known: %,d %s (docs/crash-consistency.md)%n", count, words));
    out.printf(
        "crash: %s on %s: %d programs, %s%,d of %.2e states, %,d images, %,d mounts, %d"
            + " findings, %,.0f images/s, %.1f s%n",
        verdict,
        name,
        programs,
        refused + failed == 0 ? "" : refused + failed + " not run, ",
        states,
        new BigDecimal(theoretical),
        images,
        mounts,
        findings,
        images / Math.max(1e-9, judging),
        seconds);
    if (json) {
      Map<String, Object> counts = new LinkedHashMap<>();
      counts.put("programs", programs);
      counts.put("notRun", refused + failed);
      counts.put("states", states);
      counts.put("theoretical", theoretical.toString());
      counts.put("images", images);
      counts.put("mounts", mounts);
      counts.put("findings", findings);
      counts.put("lostSyncs", losses.of(KnownLoss.SYNC));
      counts.put("knownLosses", losses.sum());
      counts.put("imagesPerSecond", Math.round(images / Math.max(1e-9, judging)));
      out.println(new JsonLine("crash", verdict, seconds, counts));
    }
    out.flush();
    return switch (verdict) {
      case "PASS" -> ExitStatus.HOLDS;
      case "FAIL" -> ExitStatus.FINDING;
      default -> ExitStatus.ENVIRONMENT;
    };
  }
}
