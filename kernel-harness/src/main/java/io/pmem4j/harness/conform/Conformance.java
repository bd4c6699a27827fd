// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.Backend;
import io.pmem4j.harness.backend.ImageJudge;
import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.backend.PristineImages;
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
  private final PristineImages pristine;
  private final ImageJudge judge;
  private final List<Backend> backends;

  /** A comparison of all backends of a laboratory. */
  public Conformance(Laboratory laboratory) {
    this(laboratory, laboratory.backends());
  }

  /**
   * A comparison.
   *
   * @param laboratory whose images programs start from
   * @param backends of it, at least one
   */
  public Conformance(Laboratory laboratory, List<Backend> backends) {
    this.pristine = laboratory.pristine();
    this.judge = laboratory.judge();
    // Kernels first: the model follows their random choices.
    this.backends =
        backends.stream().sorted(Comparator.comparing(backend -> !backend.isKernel())).toList();
  }

  /** Returns whether every backend can run every operation of a program. */
  public boolean isWhole(Program program) {
    return backends.stream()
        .allMatch(
            backend -> backend.lacks(program).isEmpty() && backend.part(program).isComplete());
  }

  /** Runs one program everywhere; failures of backends become part of the result. */
  public ProgramResult run(Program program) {
    return rest(onKernels(program));
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
        Attempt attempt = onKernels(program);
        Future<ProgramResult> now = submit(beside, () -> rest(attempt));
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
   * Returns whether a program shows the first divergence of a result again, as its own first. What
   * {@link io.pmem4j.harness.program.Shrinker} asks: a shorter program that fails otherwise is
   * another finding.
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

  private Attempt onKernels(Program program) {
    Attempt attempt = new Attempt(program, pristine);
    backends.stream().filter(Backend::isKernel).forEach(attempt::on);
    return attempt;
  }

  private ProgramResult rest(Attempt attempt) {
    backends.stream().filter(backend -> !backend.isKernel()).forEach(attempt::on);
    return attempt.judge(backends, judge);
  }
}
