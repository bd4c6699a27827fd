// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;

/**
 * One line of a program.
 *
 * @param line its number, from 1
 * @param text the operation as written, without what is expected
 * @param operation what it says
 * @param expected what must hold of the outcome on every backend, see {@link Outcome#satisfies}
 */
public record ProgramStep(int line, String text, Operation operation, List<String> expected) {
  /** Copies the list. */
  public ProgramStep {
    expected = List.copyOf(expected);
  }
}
