// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs start from prepared and from damaged file systems, which their text describes. */
class ImageEditorTest {
  @TempDir private Path directory;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "debugfs");
  }

  private static ImageShape shape(String header) throws Exception {
    return ProgramParser.parse("x", header + "sync\n").image();
  }

  private FsImage make(ImageShape shape) throws IOException {
    return Mke2fs.make(directory.resolve("image"), shape);
  }

  @Test
  void aPreparedImageIsTheSameEachTimeAndInOrder() throws Exception {
    ImageShape shape =
        shape("image 8m inodes=16\nsetup file /p x41*9000 5P\nsetup debugfs mkdir /d\n");
    ImageContent first = ImageContent.of(make(shape));
    FsImage second = make(shape);
    assertThat(ImageContent.of(second).differences(first)).isEmpty();
    assertThat(E2fsck.check(second)).isEmpty();
    assertThat(shape.isDamaged()).isFalse();
  }

  @Test
  void aDamagedImageIsWhatE2fsckComplainsAbout() throws Exception {
    ImageShape shape =
        shape("image 8m\nsetup file /p x41*9000\nsetup damage sif /p block[1] 99999\n");
    assertThat(shape.isDamaged()).isTrue();
    assertThat(E2fsck.check(make(shape))).contains("illegal block");
  }

  @Test
  void aCommandThatDebugfsRefusesIsNamed() throws Exception {
    ImageShape shape = shape("image 8m\nsetup debugfs sif /nobody mode 0\n");
    assertThatThrownBy(() -> make(shape))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("sif /nobody mode 0")
        .hasMessageContaining("not found");
  }

  @Test
  void aProgramReadsWhatItsImageStartsWith() throws Exception {
    Program program =
        ProgramParser.parse(
            "prepared",
            """
            image 8m
            setup file /p x4142 1P

            open  f /p rw    => result=0
            fstat f          => size=4098
            pread f 4096 2   => result=2 data=4142
            pread f 0 2      => result=2 data=0000
            """);
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      ProgramResult result = new Conformance(backends).run(program);
      assertThat(result.findings()).isEmpty();
      assertThat(result.verdict()).isEqualTo(ProgramResult.Verdict.AGREED);
    }
  }
}
