// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.program.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The result of one program.
 *
 * @param program the program
 * @param verdict the verdict
 * @param steps step by step
 * @param findings every difference and every broken expectation, a line each
 * @param divergences class and place of the findings; those of steps first, in their order
 * @param notes what is different and has a reason, and why it was left out if it was, a line each
 * @param millis how long all backends took together
 */
public record ProgramResult(
    Program program,
    Verdict verdict,
    List<StepResult> steps,
    List<String> findings,
    List<Divergence> divergences,
    List<String> notes,
    long millis) {
  /** The verdict on a program. */
  public enum Verdict {
    /** All backends answered the same and as expected, and left equal, clean images. */
    AGREED,
    /** As AGREED, but a backend lacks some of the operations; notes say which. */
    PARTIAL,
    /** A difference, a broken expectation, or a backend that the program broke. */
    DIVERGED,
    /** There is no verdict: the environment failed. */
    NOT_RUN,
    /** A backend lacks or may not do what the program needs; a note gives the reason. */
    OMITTED
  }

  /** Returns the class and place of the first divergence. */
  public Optional<Divergence> first() {
    return divergences.stream().findFirst();
  }

  /** The same with one more finding, which makes it DIVERGED if it had a verdict. */
  public ProgramResult with(String finding) {
    List<String> more = new ArrayList<>(findings);
    more.add(finding);
    List<Divergence> places = new ArrayList<>(divergences);
    places.add(Divergence.locks(finding));
    return new ProgramResult(
        program,
        verdict == Verdict.NOT_RUN ? verdict : Verdict.DIVERGED,
        steps,
        more,
        places,
        notes,
        millis);
  }

  /** Copies the lists. */
  public ProgramResult {
    steps = List.copyOf(steps);
    findings = List.copyOf(findings);
    divergences = List.copyOf(divergences);
    notes = List.copyOf(notes);
  }
}
