// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.crash.kernel.KernelCrashSweep;
import io.pmem4j.harness.guest.qemu.QemuProcess;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.wire.GuestException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The power cuts of programs on the model and on the kernel that it follows: one verdict. */
@Tag("powercuts")
class ModelAndKernelCrashIT {
  private static final CrashLimits AT_MOST = CrashLimits.of(8);

  @Test
  @Timeout(300)
  void theModelAndTheKernelKeepTheSamePromises() throws Exception {
    Required.programs(QemuProcess.executable(), "gcc", "e2fsck", "mke2fs");
    try {
      Tracer.prepare();
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
    Kernel kernel = Kernel.MERGED;
    try (ModelCrashSweep model =
            new ModelCrashSweep(kernel, CrashOrder.LINUX, CrashMode.X86, AT_MOST);
        KernelCrashSweep real =
            new KernelCrashSweep(
                kernel, directory -> Backends.spec(kernel, directory), CrashMode.X86, AT_MOST)) {
      for (String name : List.of("fsync-promises", "names-and-syncs")) {
        Program program =
            ProgramLibrary.shipped().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        KernelCrashSweep.Outcome modelled = model.run(program);
        KernelCrashSweep.Outcome kept = real.run(program);
        assertThat(modelled.report().findings()).as(name).isEmpty();
        assertThat(kept.report().findings()).as(name).isEmpty();
        // The same metadata is torn in both: what e2fsck has to repair has kinds in common.
        assertThat(modelled.complaints().keySet())
            .as(name)
            .containsAnyElementsOf(kept.complaints().keySet());
      }
    }
  }
}
