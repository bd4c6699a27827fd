// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.model;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.PromiseLog;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.backend.model.ModelBackend;
import io.pmem4j.harness.backend.model.ModelSession;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.StaleBlocks;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.crash.kernel.KernelCrashSweep;
import io.pmem4j.harness.crash.kernel.TracedProgram;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Sweeps the power cuts of programs on the model, as {@link KernelCrashSweep} does on a kernel: the
 * stores of the model are recorded, another mount of the model reads the crash images, and e2fsck
 * and the same promises judge them. Used by one thread.
 */
public final class ModelCrashSweep implements AutoCloseable {
  private final CrashOrder order;
  private final CrashMode mode;
  private final CrashLimits limits;
  private final WorkDirectory running = new WorkDirectory();
  private final WorkDirectory mounting = new WorkDirectory();
  private final ImageTemplates templates = new ImageTemplates(running.path());
  private final ModelBackend backend;
  private final MountingModel machine;

  /**
   * Makes the model.
   *
   * @param kernel whose fault handlers and lock order it has
   * @param order the order in which its metadata becomes durable
   * @param limits of each program's states
   */
  public ModelCrashSweep(Kernel kernel, CrashOrder order, CrashMode mode, CrashLimits limits)
      throws IOException {
    this.order = order;
    this.mode = mode;
    this.limits = limits;
    backend = new ModelBackend(running.path(), Scheduler.production(), kernel);
    machine = new MountingModel(mounting.path());
  }

  /**
   * Returns the reason why a program's power cuts cannot be explored; empty if they can.
   *
   * @param program any program
   */
  public String refusal(Program program) {
    String reason = KernelCrashSweep.refusal(program);
    if (!reason.isEmpty()) {
      return reason;
    }
    Optional<String> lacking =
        backend.part(program).omitted().stream().flatMap(Optional::stream).findFirst();
    return backend.lacks(program).or(() -> lacking).orElse("");
  }

  /** Runs a program, and explores its power cuts. */
  public KernelCrashSweep.Outcome run(Program program) throws BackendException, IOException {
    return KernelCrashSweep.explore(machine, trace(program), order, mode, limits);
  }

  /** Runs a program twice: the first run tells the pages that are filled before the second. */
  TracedProgram trace(Program program) throws BackendException, IOException {
    Set<Integer> stored = Set.copyOf(TracedPages.of(trace(program, _ -> false).records()).pages());
    return trace(program, stored::contains);
  }

  /**
   * Runs a program.
   *
   * @param stale chooses the pages whose free blocks are not zero
   */
  private TracedProgram trace(Program program, IntPredicate stale)
      throws BackendException, IOException {
    FsImage image = Mke2fs.allocate(running.path().resolve("traced.img"));
    templates.of(program.image()).writeTo(image);
    MapSpec spec = MapSpec.existing().slice(FsImage.OFFSET_BYTES, program.image().fsBytes());
    try (Arena arena = Arena.ofShared()) {
      PersistentMemory memory = Pmem.map(image.path(), spec, arena);
      StaleBlocks.fill(memory, stale);
      RecordedStores stores = new RecordedStores(memory);
      ModelSession session =
          backend.mounted(stores, image, program, order.option(), new KernelChoices());
      boolean ended = false;
      try {
        stores.records().clear();
        ImageContent mounted = ImageContent.of(image);
        PromiseLog promises = new PromiseLog(session.files());
        List<Integer> marks = new ArrayList<>();
        for (ProgramStep step : program.steps()) {
          Outcome outcome = session.run(step.operation());
          marks.add(stores.records().size());
          promises.add(step.operation(), outcome, session.files());
        }
        session.end();
        ended = true;
        List<TraceRecord> records = List.copyOf(stores.records());
        ImageContent unmounted = ImageContent.of(image);
        return new TracedProgram(program, records, marks, mounted, unmounted, promises);
      } finally {
        if (!ended) {
          session.abandon();
        }
      }
    } catch (Ext2Exception e) {
      throw BackendException.environment("model: " + e, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (running;
        mounting;
        backend;
        machine) {
      // All are closed, whatever one of them throws.
    }
  }
}
