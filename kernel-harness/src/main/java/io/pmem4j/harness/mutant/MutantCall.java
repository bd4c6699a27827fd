// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import java.io.PrintWriter;
import java.util.List;

/**
 * A command line that runs on a mutant.
 *
 * @param arguments the verb and its arguments
 * @param out gets its output
 * @param err gets its errors
 */
public record MutantCall(List<String> arguments, PrintWriter out, PrintWriter err) {
  /** Copies the list. */
  public MutantCall {
    arguments = List.copyOf(arguments);
  }
}
