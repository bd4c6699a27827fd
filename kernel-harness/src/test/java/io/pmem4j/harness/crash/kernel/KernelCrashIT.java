// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.guest.qemu.QemuProcess;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.wire.GuestException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Power cuts of the real kernel. The shipped order keeps every promise. A kernel with a step of
 * durability left out (0006-lost-steps.patch), and a trace with records left out, break one.
 */
@Tag("powercuts")
class KernelCrashIT {
  private static KernelCrashSweep sweep(Kernel kernel, String append) throws Exception {
    Required.programs(QemuProcess.executable(), "gcc", "e2fsck", "mke2fs");
    try {
      Tracer.prepare();
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
    return new KernelCrashSweep(
        kernel,
        directory -> {
          var spec = Backends.spec(kernel, directory);
          return spec.withAppend(spec.append() + " " + append);
        },
        CrashMode.X86,
        CrashLimits.of(16));
  }

  private static Program program(String name) throws Exception {
    return ProgramLibrary.shipped().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  @Timeout(300)
  void theShippedKernelKeepsItsPromisesAndTracesWithoutStepsBreakThem() throws Exception {
    try (KernelCrashSweep sweep = sweep(Kernel.MERGED, "")) {
      for (String name : List.of("fsync-promises", "names-and-syncs")) {
        TracedProgram traced = sweep.trace(program(name));
        KernelCrashSweep.Outcome outcome = sweep.explore(traced);
        assertThat(outcome.report().findings()).as(name).isEmpty();
        assertThat(outcome.images()).as(name).isGreaterThan(60);
        assertThat(outcome.mounts()).as(name).isGreaterThan(outcome.images());
        assertThat(outcome.repairs()).as(name).isPositive();

        TracedProgram unfenced = traced.without(each -> each.kind() == TraceRecord.Kind.FENCE);
        assertThat(sweep.explore(unfenced).report().passed()).as(name).isFalse();
      }
      assertThat(sweep.run(program("sync-attribute")).report().findings()).isEmpty();
      TracedProgram traced = sweep.trace(program("fsync-promises"));
      TracedProgram unflushed = traced.without(each -> each.kind() == TraceRecord.Kind.FLUSH);
      assertThat(sweep.explore(unflushed).report().passed()).isFalse();
      long page = traced.mounted().differences(traced.unmounted()).iterator().next();
      assertThatThrownBy(() -> sweep.explore(traced.without(each -> each.offset() / 4096 == page)))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("the trace lacks stores: block");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "write-back, fsync-promises, /a has 41 at byte",
    "zeros, fsync-promises, /a has",
    "flush, fsync-promises, /a has",
    "inode, fsync-promises, /a",
    "order, sync-attribute, '/a has 9000 bytes, expected 100'",
  })
  @Timeout(300)
  void aKernelThatLosesAStepIsFound(String step, String program, String finding) throws Exception {
    try (KernelCrashSweep sweep = sweep(Kernel.SERIES, "dax.lose=" + step)) {
      KernelCrashSweep.Outcome outcome = sweep.run(program(program));
      assertThat(outcome.report().passed()).isFalse();
      assertThat(outcome.report().findings())
          .anySatisfy(each -> assertThat(each.message()).contains(finding));
    }
  }

  @Test
  void programsWhosePromisesAreUnknownAreRefused() throws Exception {
    List<String> refused = new ArrayList<>();
    for (Program program : ProgramLibrary.shipped()) {
      if (!KernelCrashSweep.refusal(program).isEmpty()) {
        refused.add(program.name());
      }
    }
    assertThat(refused).isNotEmpty().doesNotContain("fsync-promises", "names-and-syncs");
    assertThat(KernelCrashSweep.refusal(program("power-cut"))).contains("cuts the power itself");
  }
}
