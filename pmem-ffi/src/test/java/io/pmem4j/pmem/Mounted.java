// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs a JVM in a mount name space of its own, which ends with it and all its mounts. */
public final class Mounted {
  private Mounted() {}

  /**
   * Runs {@code main} behind a script that mounts; skips the test where that is not allowed.
   *
   * @param mount a shell script; {@code $1} is an empty folder
   */
  public static ChildJvm.Result run(
      Path folder, String mount, Map<String, String> environment, Class<?> main, String... more)
      throws Exception {
    Path place = Files.createDirectories(folder.resolve("mount"));
    Path probe = folder.resolve("probe");
    Process possible =
        new ProcessBuilder("unshare", "-m", "sh", "-ec", mount, "sh", place.toString())
            .redirectErrorStream(true)
            .redirectOutput(probe.toFile())
            .start();
    int exit = possible.waitFor();
    String said = Files.readString(probe).strip();
    if (exit != 0) {
      System.out.println("cannot mount here (root is needed): " + said);
    }
    assumeTrue(exit == 0, () -> "cannot mount here (root is needed): " + said);
    String[] words = new String[more.length + 2];
    words[0] = main.getName();
    words[1] = place.toString();
    System.arraycopy(more, 0, words, 2, more.length);
    List<String> prefix =
        List.of(
            "unshare", "-m", "sh", "-ec", mount + "\nshift; exec \"$@\"", "sh", place.toString());
    return ChildJvm.run(folder, prefix, environment, words);
  }
}
