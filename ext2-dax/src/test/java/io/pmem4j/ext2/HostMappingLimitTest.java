// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory in very many pieces, and truncation under accesses of the JVM's own: in other JVMs. */
@Timeout(240)
@Tag("slow")
class HostMappingLimitTest {
  private static final long IMAGE_BYTES = 1700L << 20;

  /** In memory where there is room. */
  private static Path folder() throws IOException {
    Path memory = Path.of("/dev/shm");
    boolean room =
        Files.isWritable(memory) && Files.getFileStore(memory).getUsableSpace() > 2 * IMAGE_BYTES;
    return room
        ? Files.createTempDirectory(memory, "ext2-dax")
        : Files.createTempDirectory("ext2-dax");
  }

  /** The end of a child: its status and its output. */
  private record Ended(int status, String output) {}

  private static Ended child(Path folder, String... main) throws Exception {
    Path output = folder.resolve("output");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + folder.resolve("hs_err"),
                // Nothing that the JVM has to map when there is no room for it.
                "-XX:+UseSerialGC",
                "-Xms512m",
                "-Xmx512m",
                "-XX:+AlwaysPreTouch",
                "-cp",
                ImageFixture.classPath()));
    command.addAll(List.of(main));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(output));
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  @Test
  void aGibibyteInPiecesIsOneSegmentAndTooManyPiecesAreRefused() throws Exception {
    Path folder = folder();
    try {
      Path image = folder.resolve("image");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(IMAGE_BYTES);
      }
      ImageFixture.run(List.of("mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", image.toString()));
      Ended ended = child(folder, LargeMapping.class.getName(), image.toString());
      System.out.println(ended.output());
      assertThat(ended.status()).as(ended.output()).isZero();
      assertThat(ended.output())
          .containsPattern("READ_WRITE: 3[23][0-9]{3} mappings")
          .containsPattern("PRIVATE: 3[23][0-9]{3} mappings")
          .contains("too many: ", "without room: nothing foreign", "unmounted");
      String checked = ImageFixture.run(List.of("e2fsck", "-fn", image.toString()));
      assertThat(checked).doesNotContain("Fix? no").doesNotContain("WARNING");
    } finally {
      delete(folder);
    }
  }

  private static String race() throws Exception {
    Path folder = folder();
    try {
      Ended ended = child(folder, PlainAccessRace.class.getName());
      assertThat(ended.status()).as(ended.output()).isZero();
      return ended.output();
    } finally {
      delete(folder);
    }
  }

  /** Loads and stores of the JVM itself, not checked by anything of ours. */
  @Test
  void plainAccessesReachNothingOfAnotherFile() throws Exception {
    assertThat(race()).contains("foreign loads 0, foreign stores 0, unexpected 0");
  }
}
