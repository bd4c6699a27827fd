// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramSyntaxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;

/**
 * Ways in which a file system of the running kernel differs from ext2 on DAX, learnt by trying. A
 * trait is a program in {@code host-traits}; the file system has it when the program's expectation
 * fails there. Type names would not do: overlayfs answers as its upper layer does.
 */
final class HostTraits {
  private HostTraits() {}

  /** Begins a session for a probe. */
  interface Probe {
    Session begin(Program program) throws BackendException;
  }

  /**
   * Tries each trait.
   *
   * @throws BackendException if a probe cannot be run, as on a full or read-only file system
   */
  static Set<String> among(Set<String> names, Probe probe) throws BackendException, IOException {
    Set<String> traits = new TreeSet<>();
    for (String name : names) {
      if (fails(program(name), probe)) {
        traits.add(name);
      }
    }
    return traits;
  }

  private static boolean fails(Program program, Probe probe) throws BackendException {
    Session session = probe.begin(program);
    boolean ended = false;
    try {
      boolean failed = false;
      for (ProgramStep step : program.steps()) {
        Outcome outcome = session.run(step.operation());
        if (!step.expected().isEmpty()) {
          failed |= !outcome.unsatisfied(step.expected()).isEmpty();
        } else if (outcome.values().getOrDefault("result", "0").startsWith("-")) {
          throw BackendException.environment(
              "host: the probe "
                  + program.name()
                  + " cannot be run: "
                  + step.text()
                  + " answers "
                  + outcome,
              null);
        }
      }
      session.end();
      ended = true;
      return failed;
    } finally {
      if (!ended) {
        session.abandon();
      }
    }
  }

  static Program program(String name) throws IOException {
    String resource = "/host-traits/" + name + Program.SUFFIX;
    try (InputStream in = HostTraits.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(resource + " is not on the class path");
      }
      return ProgramParser.parse(
          name + Program.SUFFIX, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (ProgramSyntaxException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
