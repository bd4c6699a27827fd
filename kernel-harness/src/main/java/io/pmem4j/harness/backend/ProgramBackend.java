// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.kernel.KernelDifferenceMatcher;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import java.util.Optional;

/** Something that runs programs. Not thread-safe; one session at a time. */
public interface ProgramBackend extends AutoCloseable {
  /** As on the command line: {@code model}, {@code guest:merged}. */
  String name();

  /** Returns the description for reports, in addition to the name. */
  default String description() {
    return name();
  }

  /** Returns whether the other backends follow its random choices; if so, it runs before them. */
  default boolean isKernel() {
    return true;
  }

  /** Returns the part of its outcomes that can be compared and judged. */
  default ComparableView view() {
    return ComparableView.WHOLE;
  }

  /**
   * Why this backend is known to have another value in the outcome of a step, if it is. Only a
   * backend that runs programs where they were not written for may have reasons.
   */
  default Optional<String> explain(Program program, ProgramStep step, String key) {
    return Optional.empty();
  }

  /**
   * Returns a matcher of known differences of a later kernel for one program; empty if its outcomes
   * must equal those of 5.10.
   */
  default Optional<KernelDifferenceMatcher> differenceMatcher() {
    return Optional.empty();
  }

  /**
   * Returns what the program needs and this backend lacks or may not do. Empty if the program can
   * begin. Nothing is run to find out.
   */
  default Optional<String> lacks(Program program) {
    return Optional.empty();
  }

  /** Returns the steps that this backend runs of a program that it {@link #lacks} nothing for. */
  default ProgramPart part(Program program) {
    return ProgramPart.whole(program);
  }

  /**
   * Mounts a fresh copy of the image and prepares a session for a program that this backend {@link
   * #lacks} nothing for.
   *
   * @param templates the images that programs start from
   * @param choices random choices, which a kernel fills in and the model follows
   * @throws BackendException if that fails
   */
  Session begin(Program program, ImageTemplates templates, KernelChoices choices)
      throws BackendException;

  /** Ends the backend; no process, mount or file of it is left. */
  @Override
  void close();
}
