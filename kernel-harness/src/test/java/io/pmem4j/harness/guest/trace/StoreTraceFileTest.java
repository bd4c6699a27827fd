// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.kernel.GuestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plugin without QEMU: {@code qemu/tracer/nvdimm-trace-test.c} gives it instructions and
 * accesses, and Java reads the trace that it writes.
 */
class StoreTraceFileTest {
  private static final String REFUSALS =
      """
      nvdimm-trace: expected one vCPU, which orders all stores
      nvdimm-trace: expected one argument, trace=FILE\
      """;

  @TempDir private Path folder;

  @Test
  void thePluginRecordsStoresWriteBacksAndFences() throws Exception {
    try (StoreTraceFile trace = StoreTraceFile.create(folder.resolve("trace"), 100)) {
      trace.start(0x100000000L, 1 << 20);
      assertThat(run(trace.path())).isEqualTo(REFUSALS);
      assertThat(trace.records(0, trace.count()))
          .containsExactly(
              // A store of the kernel, which also tells where its direct map begins.
              new TraceRecord(TraceRecord.Kind.STORE, 0x1008, 8, 1, 0x1122334455667788L, 0),
              new TraceRecord(TraceRecord.Kind.STORE, 0x1010, 16, 2, 3, 4),
              new TraceRecord(TraceRecord.Kind.STORE_AROUND, 0x2000, 4, 3, 0xdeadbeefL, 0),
              // clwb of the kernel's address, then of the program's.
              new TraceRecord(TraceRecord.Kind.FLUSH, 0x1000, 64, 4, 0, 0),
              new TraceRecord(TraceRecord.Kind.FENCE, 0, 0, 5, 0, 0),
              new TraceRecord(TraceRecord.Kind.STORE, 0x3004, 1, 6, 9, 0),
              new TraceRecord(TraceRecord.Kind.FLUSH, 0x3000, 64, 7, 0, 0),
              new TraceRecord(TraceRecord.Kind.FENCE, 0, 0, 8, 0, 0));
      assertThat(trace.unresolved()).isEqualTo(1);
    }
  }

  @Test
  void nothingIsRecordedWhileItIsStopped() throws Exception {
    try (StoreTraceFile trace = StoreTraceFile.create(folder.resolve("trace"), 100)) {
      trace.start(0x100000000L, 1 << 20);
      trace.stop();
      assertThat(run(trace.path())).isEqualTo(REFUSALS);
      assertThat(trace.count()).isZero();
    }
  }

  @Test
  void aFullTraceIsAnError() throws Exception {
    try (StoreTraceFile trace = StoreTraceFile.create(folder.resolve("trace"), 2)) {
      trace.start(0x100000000L, 1 << 20);
      assertThat(run(trace.path())).isEqualTo(REFUSALS);
      assertThatThrownBy(() -> trace.records(0, trace.count()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("7 records found no room in a trace of 2");
    }
  }

  @Test
  void theTraceMustBeOne() throws Exception {
    Path other = Files.write(folder.resolve("other"), new byte[8192]);
    assertThat(run(other)).contains("no magic number");
  }

  /** Returns the output of the test program. */
  private String run(Path trace) throws Exception {
    Required.programs("gcc");
    Path source = GuestFiles.home().resolve("qemu/tracer/nvdimm-trace-test.c");
    Path program = folder.resolve("test");
    assertThat(
            output(
                List.of(
                    "gcc",
                    "-O1",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-o",
                    program.toString(),
                    source.toString())))
        .isEmpty();
    return output(List.of(program.toString(), trace.toString()));
  }

  private String output(List<String> command) throws Exception {
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(log).strip();
  }
}
