// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.Step;
import java.util.Optional;

/** Something that runs programs. Not thread-safe; one session at a time. */
public interface Backend extends AutoCloseable {
  /** The second at which the clock of every program starts: when the letter was sent. */
  long CLOCK_BASE_SECONDS = 1_444_428_128L;

  /** As on the command line: {@code model}, {@code guest:merged}. */
  String name();

  /** In a report: what it is besides its name. */
  default String description() {
    return name();
  }

  /** Whether its random choices are the ones the others follow: it runs before them then. */
  default boolean isKernel() {
    return true;
  }

  /** What of its outcomes can be compared and judged. */
  default View view() {
    return View.WHOLE;
  }

  /**
   * Why this backend is known to have another value in the outcome of a step, if it is. Only a
   * backend that runs programs where they were not written for may have reasons.
   */
  default Optional<String> explain(Program program, Step step, String key) {
    return Optional.empty();
  }

  /** What tells known differences of a later kernel from findings, in one program. */
  default Optional<Dialect> dialect() {
    return Optional.empty();
  }

  /**
   * What a program asks for that this backend has not, or may not do; nothing is run to find out.
   * Empty if the program can begin.
   */
  default Optional<String> lacks(Program program) {
    return Optional.empty();
  }

  /** Returns the steps that this backend runs of a program that it {@link #lacks} nothing for. */
  default ProgramPart part(Program program) {
    return ProgramPart.whole(program);
  }

  /**
   * Mounts a fresh copy of the image and makes ready to run a program that it {@link #lacks}
   * nothing for.
   *
   * @param pristine what the program's image starts as
   * @param choices what a kernel fills in and the model follows
   * @throws BackendException if that fails
   */
  Session begin(Program program, PristineImages pristine, KernelChoices choices)
      throws BackendException;

  /** Leaves nothing behind. */
  @Override
  void close();
}
