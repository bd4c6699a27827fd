// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.guest.GuestBackend;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.StaleBlocks;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.trace.StoreTraceFile;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * Sweeps the power cuts of programs on a real kernel. One guest runs them and has its stores
 * recorded; another, without a plugin, mounts the images. Used by one thread.
 */
public final class KernelCrashSweep implements AutoCloseable {
  /** Enough for a program that writes 40 MiB around the caches. */
  private static final long RECORDS = 6_000_000;

  private final CrashMode mode;
  private final CrashLimits limits;
  private final WorkDirectory running = new WorkDirectory();
  private final WorkDirectory mounting = new WorkDirectory();
  private final ImageTemplates templates = new ImageTemplates(running.path());
  private final StoreTraceFile file;
  private final GuestBackend backend;
  private final FsImage image;
  private final MountingGuest guest;

  /**
   * The outcome of one program.
   *
   * @param report the states, and the promises that they break
   * @param trace the stores to the pages that change
   * @param changed those pages of the image
   * @param cuts the number of points of a power cut, of which the report's were tried
   * @param records the stores, write-backs and fences recorded
   * @param pages the pages of 4 KiB that they change
   * @param images the number of distinct images
   * @param mounts the number of mounts
   * @param repairs the number of images that e2fsck repaired
   * @param keptAtOnce the number of judgements in which the promises held before a repair
   * @param losses the number of judgements with each known loss
   * @param complaints the kinds of e2fsck's complaints with the number of images
   */
  public record Outcome(
      CrashReport report,
      StoreTrace trace,
      TracedPages changed,
      int cuts,
      int records,
      int pages,
      int images,
      int mounts,
      int repairs,
      int keptAtOnce,
      Map<KnownLoss, Integer> losses,
      Map<String, Integer> complaints) {
    /** Copies the map. */
    public Outcome {
      losses = Map.copyOf(losses);
      complaints = Map.copyOf(complaints);
    }

    /** Returns the number of images judged in a second. */
    public double imagesPerSecond() {
      return images * 1e9 / Math.max(1, report.nanos());
    }
  }

  /** Makes the guest of a kernel in a work directory. */
  @FunctionalInterface
  public interface Specs {
    /** Returns the guest. */
    GuestSpec in(WorkDirectory directory) throws IOException;
  }

  /**
   * Boots both guests.
   *
   * @param limits of each program's states
   */
  public KernelCrashSweep(Kernel kernel, Specs specs, CrashMode mode, CrashLimits limits)
      throws BackendException, IOException {
    this.mode = mode;
    this.limits = limits;
    Tracer tracer = Tracer.prepare();
    file = StoreTraceFile.create(running.path().resolve("stores.trace"), RECORDS);
    GuestSpec spec = specs.in(running).withTracing(new GuestSpec.Tracing(tracer, file.path()));
    image = new FsImage(spec.image());
    backend = GuestBackend.boot(kernel, spec);
    guest = new MountingGuest(specs.in(mounting));
  }

  /**
   * Returns the reason why a program's power cuts cannot be explored; empty if they can.
   *
   * @param program any program
   */
  public static String refusal(Program program) {
    return TracedProgram.refusal(program);
  }

  /** Runs a program, and explores its power cuts. */
  public Outcome run(Program program) throws BackendException, IOException {
    return explore(trace(program));
  }

  /**
   * Runs a program twice: the first run tells the pages whose free blocks are not zero in the
   * second. In zeros a lost store of zeros could not be seen.
   */
  TracedProgram trace(Program program) throws BackendException, IOException {
    TracedProgram first = TracedProgram.run(backend, image, file, program, templates);
    Set<Integer> stored = Set.copyOf(TracedPages.of(first.records()).pages());
    ImageTemplates stale =
        new ImageTemplates(
            running.path(),
            (made, shape) -> StaleBlocks.fill(made, shape.fsBytes(), stored::contains));
    return TracedProgram.run(backend, image, file, program, stale);
  }

  /** Explores the power cuts of a program that has run. */
  Outcome explore(TracedProgram traced) throws BackendException, IOException {
    return explore(guest, traced, CrashOrder.LINUX, mode, limits);
  }

  /**
   * Explores the power cuts of a program that has run on any machine.
   *
   * @param machine mounts the images
   * @param order the order of its stores, by which they are judged
   * @param limits of its states
   */
  public static Outcome explore(
      MountingMachine machine,
      TracedProgram traced,
      CrashOrder order,
      CrashMode mode,
      CrashLimits limits)
      throws BackendException, IOException {
    TracedPages pages = TracedPages.of(traced.records());
    StoreTrace trace = traced.trace(pages);
    ChosenCuts cuts = new ChosenCuts(trace, limits.cuts());
    try (ImageJudge judge = new ImageJudge(machine, traced, order, pages, trace)) {
      CrashReport report =
          CrashStates.of(trace)
              .mode(mode)
              .atMost(limits.states())
              .onlyAt(cuts)
              .insideRecovery(false)
              .check(judge::judge);
      return new Outcome(
          report,
          trace,
          pages,
          cuts.offered(),
          traced.records().size(),
          pages.pages().size(),
          judge.images(),
          judge.mounts(),
          judge.repairs(),
          judge.keptAtOnce(),
          judge.losses(),
          judge.complaints());
    }
  }

  @Override
  public void close() throws IOException {
    try (running;
        mounting;
        file;
        backend;
        guest) {
      // All are closed, whatever one of them throws.
    }
  }
}
