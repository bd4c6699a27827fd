// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.ComparableView;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The reasons why a kernel's driver cannot run a program, and the part of its answers that is
 * compared. Upstream has removed DAX from ext2, so that kernels of today are asked twice: their
 * ext2 without DAX, and their ext4 with it.
 */
final class DriverLacks {
  private static final String EXT4 = "ext4";
  private static final String RESOURCE = "/driver-differences.txt";
  private static final Map<String, String> DIFFERENCES = Map.copyOf(differences());

  private DriverLacks() {}

  /** Returns the part of a kernel's answers that can be compared. */
  static ComparableView view(Kernel kernel) {
    return isExt4(kernel) ? new ComparableView(Scope.DAX, false) : ComparableView.WHOLE;
  }

  /** Returns the options of a mount as the driver takes them. */
  static String options(Kernel kernel, Program program) {
    return isExt4(kernel) ? "dax" : program.mount().data();
  }

  /** Returns the reason why a kernel does not run a program; empty if it does. */
  static Optional<String> of(Kernel kernel, Program program) {
    if (!program.kernels().isEmpty() && !program.kernels().contains(kernel.toString())) {
      return Optional.of("the program is for kernel " + String.join(", ", program.kernels()));
    }
    if (!kernel.mount().dax() && program.mount().dax()) {
      return Optional.of("the ext2 of " + kernel + " has no DAX: conform --kernel mounts without");
    }
    if (!kernel.hasPoints()) {
      for (ProgramStep step : program.steps()) {
        if (step.operation() instanceof Operation.Park) {
          return Optional.of("line " + step.line() + ": " + step.text() + ": it has no points");
        }
      }
    }
    Optional<String> unreachable = program.unreachablePoint();
    if (unreachable.isPresent()) {
      return unreachable;
    }
    Optional<String> differs =
        Optional.ofNullable(DIFFERENCES.get(kernel + " " + program.name()))
            .map(reason -> kernel + " answers otherwise: " + reason);
    return differs.isPresent() || !isExt4(kernel) ? differs : ofExt4(program);
  }

  /** Returns the kernels with the programs that they answer otherwise. */
  static Set<String> listed() {
    return DIFFERENCES.keySet();
  }

  /** Reads {@code kernel | program | reason}. */
  private static Map<String, String> differences() {
    try (InputStream in = DriverLacks.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not on the class path");
      }
      Map<String, String> reasons = new HashMap<>();
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> line.split("\\|", 3))
          .forEach(
              field -> reasons.put(field[0].strip() + " " + field[1].strip(), field[2].strip()));
      return reasons;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<String> ofExt4(Program program) {
    if (program.scope().compareTo(Scope.DAX) > 0) {
      return Optional.of("the program is one of scope " + program.scope() + ", and this is ext4");
    }
    if (!program.mount().dax() || !program.mount().more().isEmpty()) {
      return Optional.of("the program is for a mount of ext2 with " + program.mount());
    }
    if (!program.hasDax() || program.image().isDamaged()) {
      return Optional.of("ext4 has no DAX on the image of the program");
    }
    return Optional.empty();
  }

  private static boolean isExt4(Kernel kernel) {
    return kernel.fileSystem().equals(EXT4);
  }
}
