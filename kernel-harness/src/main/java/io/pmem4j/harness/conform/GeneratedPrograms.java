// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.generator.LeftOut;
import java.util.function.Predicate;

/** The generated programs that a kernel can be asked to run. */
public final class GeneratedPrograms {
  private GeneratedPrograms() {}

  /** Returns true for programs that end on a kernel, and whose answers are no matter of chance. */
  public static Predicate<Program> fit(Kernel kernel) {
    return program ->
        (kernel.alignment() == 0 || LeftOut.staysInPlace(program))
            && (!kernel.invertsFreezing() || LeftOut.freezesNothing(program))
            && (!kernel.hangsOnSharedSync() || LeftOut.mapsWithoutSync(program))
            && (kernel.profile() != Profile.LINUX_6_12
                || program.hasDax()
                || LeftOut.appendsThroughTheCache(program));
  }
}
