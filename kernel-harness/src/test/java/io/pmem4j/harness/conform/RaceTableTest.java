// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.model.ModelBackend;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rows of the table of races that the model answers. */
class RaceTableTest {
  static List<RaceTable.Row> rows() throws IOException {
    return RaceTable.of("model");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void theModelAnswersAsTheKernelItFollows(RaceTable.Row row) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production());
        WorkDirectory directory = new WorkDirectory();
        ModelBackend model =
            new ModelBackend(directory.path(), Scheduler.production(), Kernel.of(row.kernel()))) {
      row.judge(new Conformance(backends, List.of(model)).run(row.load()));
    }
  }

  /** A race program without a row is never judged on the kernels that it is for. */
  @Test
  void everyRaceProgramHasARowForEachOfItsKernels() throws Exception {
    List<String> rows =
        Stream.concat(RaceTable.of("guest").stream(), rows().stream())
            .filter(row -> row.outcome().equals("agreed"))
            .map(row -> row.program() + " " + row.kernel())
            .toList();
    for (Program program : ProgramLibrary.shipped()) {
      if (program.name().startsWith("race-")) {
        assertThat(rows)
            .containsAll(
                program.kernels().stream().map(kernel -> program.name() + " " + kernel).toList());
      }
    }
  }
}
