// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.function.Function;

/** Runs a shipped program on the model, and returns its findings. For the loader of a mutant. */
public final class MutantProgram implements Function<String, List<String>> {
  @Override
  public List<String> apply(String program) {
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      return new Conformance(backends)
          .run(
              ProgramLibrary.shipped().stream()
                  .filter(candidate -> candidate.name().equals(program))
                  .findFirst()
                  .orElseThrow())
          .findings();
    } catch (Exception e) {
      throw new IllegalStateException(program + " cannot run", e);
    }
  }
}
