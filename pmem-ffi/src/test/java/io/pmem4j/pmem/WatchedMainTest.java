// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A child of the tests ends with the JVM that started it. */
@Timeout(120)
class WatchedMainTest {
  @TempDir Path folder;

  /** Says its process id in a file, and waits for ever. Arguments: the file. */
  static final class Orphan {
    private Orphan() {}

    public static void main(String[] arguments) throws Exception {
      Path file = Path.of(arguments[0]);
      Path whole = Files.writeString(Path.of(file + ".part"), "" + ProcessHandle.current().pid());
      Files.move(whole, file);
      new CountDownLatch(1).await();
    }
  }

  /** Starts an orphan-to-be, and waits for it. Arguments: its file. */
  static final class Parent {
    private Parent() {}

    public static void main(String[] arguments) throws Exception {
      start(Path.of(arguments[0]), Orphan.class).waitFor();
    }
  }

  private static Process start(Path file, Class<?> main) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path output = Files.createTempFile(folder, main.getSimpleName(), ".out");
    return ChildJvm.start(
        folder, output, ChildJvm.classPath(), Map.of(), main.getName(), file.toString());
  }

  @Test
  void endsWhenItsParentIsKilled() throws Exception {
    Path file = folder.resolve("orphan");
    Process parent = start(file, Parent.class);
    ProcessHandle orphan;
    try {
      while (!Files.exists(file) && parent.isAlive()) {
        Thread.onSpinWait();
      }
      orphan = ProcessHandle.of(Long.parseLong(Files.readString(file))).orElseThrow();
    } finally {
      parent.destroyForcibly().waitFor();
    }
    try {
      assertThat(orphan.onExit().get(60, TimeUnit.SECONDS).isAlive()).isFalse();
    } finally {
      orphan.destroyForcibly();
    }
  }
}
