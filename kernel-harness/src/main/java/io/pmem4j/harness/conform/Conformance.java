// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.program.Program;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs on backends, one after the other, and compares. With a single backend only
 * expectations and the image's consistency are judged. Used by one thread.
 */
public final class Conformance {
  private final ImageTemplates templates;
  private final E2fsck e2fsck;
  private final List<ProgramBackend> backends;

  /** Creates a comparison of all open backends. */
  public Conformance(Backends backends) {
    this(backends, backends.all());
  }

  /**
   * Creates a comparison of some backends.
   *
   * @param backends the open backends, with the images that programs start from
   * @param chosen some of them, at least one
   */
  public Conformance(Backends backends, List<ProgramBackend> chosen) {
    this.templates = backends.templates();
    this.e2fsck = backends.e2fsck();
    // Kernels first: the model follows their random choices.
    this.backends =
        chosen.stream().sorted(Comparator.comparing(backend -> !backend.isKernel())).toList();
  }

  /** Returns whether every backend can run every operation of a program. */
  public boolean isWhole(Program program) {
    return backends.stream()
        .allMatch(
            backend -> backend.lacks(program).isEmpty() && backend.part(program).isComplete());
  }

  /** Runs one program everywhere; failures of backends become part of the result. */
  public ProgramResult run(Program program) {
    return runOnModels(runOnKernels(program));
  }

  /**
   * Runs programs in their order: while the model follows one and its images are judged, the
   * kernels run the next.
   *
   * @param each is given the results in the same order, by this thread; it must not run programs
   * @throws InterruptedException if this thread is; then no program is left running
   */
  public void run(List<Program> programs, Consumer<ProgramResult> each)
      throws InterruptedException {
    try (ExecutorService beside =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("pmem4j-judge").factory())) {
      @Nullable Future<ProgramResult> before = null;
      for (Program program : programs) {
        ProgramRun run = runOnKernels(program);
        Future<ProgramResult> now = submit(beside, () -> runOnModels(run));
        if (before != null) {
          each.accept(result(before));
        }
        before = now;
      }
      if (before != null) {
        each.accept(result(before));
      }
    }
  }

  /**
   * Returns a predicate that is true for programs whose first divergence equals the first
   * divergence of a result. {@link io.pmem4j.harness.program.Shrinker} uses it: a shorter program
   * that fails otherwise is another finding.
   */
  public Predicate<Program> repeats(ProgramResult found) {
    Optional<Divergence> wanted = found.first();
    return program -> wanted.isPresent() && run(program).first().equals(wanted);
  }

  private static Future<ProgramResult> submit(
      ExecutorService service, Callable<ProgramResult> task) {
    return service.submit(task);
  }

  private static ProgramResult result(Future<ProgramResult> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a program could not be judged", e.getCause());
    }
  }

  private ProgramRun runOnKernels(Program program) {
    ProgramRun run = new ProgramRun(program, templates);
    backends.stream().filter(ProgramBackend::isKernel).forEach(run::runOn);
    return run;
  }

  private ProgramResult runOnModels(ProgramRun run) {
    backends.stream().filter(backend -> !backend.isKernel()).forEach(run::runOn);
    return run.judge(backends, e2fsck);
  }
}
