// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Shrinks a failing program: removes steps, halves first and single steps last, as long as the rest
 * is a program and still fails. The number of runs is limited, so the result may not be the
 * shortest.
 */
public final class Shrinker {
  private final Predicate<Program> fails;
  private int runsLeft;

  private Shrinker(Predicate<Program> fails, int runs) {
    this.fails = fails;
    this.runsLeft = runs;
  }

  /**
   * The shortest failing program found.
   *
   * @param program one that fails
   * @param runs how often {@code fails} may be asked
   */
  public static Program shrink(Program program, Predicate<Program> fails, int runs) {
    return new Shrinker(fails, runs).shrink(program);
  }

  private Program shrink(Program program) {
    Program best = program;
    for (int chunk = Math.max(1, best.steps().size() / 2); chunk >= 1; ) {
      boolean shorter = false;
      for (int from = best.steps().size() - chunk; from >= 0 && runsLeft > 0; from -= chunk) {
        Program candidate = without(best, from, from + chunk);
        if (candidate != null && failsStill(candidate)) {
          best = candidate;
          shorter = true;
        }
      }
      if (runsLeft <= 0) {
        break;
      }
      if (!shorter || chunk > best.steps().size()) {
        chunk /= 2;
      }
    }
    return best;
  }

  private boolean failsStill(Program candidate) {
    runsLeft--;
    return fails.test(candidate);
  }

  private static @org.jspecify.annotations.Nullable Program without(
      Program program, int from, int to) {
    if (from < 0 || from >= program.steps().size()) {
      return null;
    }
    List<ProgramStep> kept = new ArrayList<>(program.steps().subList(0, from));
    kept.addAll(
        program.steps().subList(Math.min(to, program.steps().size()), program.steps().size()));
    Program shorter =
        new Program(
            program.name(),
            program.id(),
            program.title(),
            program.rows(),
            program.scope(),
            program.pid(),
            program.image(),
            program.mount(),
            program.kernels(),
            kept);
    try {
      // The parser knows whether every name is still made before it is used.
      return ProgramParser.parse(program.name(), ProgramText.of(shorter));
    } catch (ProgramSyntaxException e) {
      return null;
    }
  }
}
