// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WorkDirectoryTest {
  /** A JVM that makes a directory, says so, and waits until it is ended. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws IOException {
      try (WorkDirectory directory = new WorkDirectory()) {
        Files.writeString(directory.path().resolve("something"), "big");
        System.out.println(directory.path());
        int end = System.in.read();
        System.out.println(end);
      }
    }
  }

  @Test
  void closingRemovesItWithItsContent() throws IOException {
    Path path;
    try (WorkDirectory directory = new WorkDirectory()) {
      path = directory.path();
      Files.createDirectories(path.resolve("a/b"));
      Files.writeString(path.resolve("a/b/c"), "text");
    }
    assertThat(path).doesNotExist();
  }

  private static Process holder() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Holder.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /**
   * SIGKILL runs no shutdown hook: the next start removes the directories of dead owners and keeps
   * those in use.
   */
  @Test
  void theNextStartRemovesWhatAKilledProcessLeft() throws Exception {
    Process killed = holder();
    Process living = holder();
    try (BufferedReader ofKilled = killed.inputReader(StandardCharsets.UTF_8);
        BufferedReader ofLiving = living.inputReader(StandardCharsets.UTF_8);
        WorkDirectory mine = new WorkDirectory()) {
      Path left = Path.of(ofKilled.readLine());
      Path used = Path.of(ofLiving.readLine());
      killed.destroyForcibly();
      assertThat(killed.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(left).isDirectory();
      new WorkDirectory().close();
      assertThat(left).doesNotExist();
      assertThat(used.resolve("something")).hasContent("big");
      assertThat(mine.path()).isDirectory();
      // A second look of this process must not have released its own lock.
      Process third = holder();
      try (BufferedReader ofThird = third.inputReader(StandardCharsets.UTF_8)) {
        assertThat(Path.of(ofThird.readLine())).isDirectory();
        assertThat(mine.path()).isDirectory();
        assertThat(used).isDirectory();
      } finally {
        third.destroyForcibly().waitFor();
      }
    } finally {
      killed.destroyForcibly();
      living.destroyForcibly().waitFor();
      new WorkDirectory().close();
    }
  }

  @Test
  void theEndOfTheJvmRemovesItToo() throws Exception {
    Process child = holder();
    try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
      Path path = Path.of(lines.readLine());
      assertThat(path).isDirectory();
      child.destroy(); // SIGTERM: the way of ctrl-C
      assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(path).doesNotExist();
    } finally {
      child.destroyForcibly();
    }
  }
}
