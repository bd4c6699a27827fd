// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.harness.kernel.GuestFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The table of features in {@code docs/ext2.md}, its column of {@code ./pmem4j mount}. */
@Tag("mount")
@Timeout(170)
class MountFeaturesTest {
  @Test
  void theTableSaysWhatAMountOffers() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3");
    String[] command = {
      "python3",
      GuestFiles.home().resolve("kernel-harness/src/test/python/features.py").toString(),
      "work"
    };
    String tried;
    try (MountedVerb mounted = new MountedVerb(64 << 20)) {
      mounted.start();
      Files.createDirectory(mounted.mount.resolve("work"));
      tried = MountedVerb.runIn(mounted.mount, 0, command);
    }
    List<String> found =
        tried
            .lines()
            .map(line -> line.split("\t", -1))
            .map(each -> "| " + each[0] + " | " + each[1] + " |")
            .toList();
    assertThat(found).hasSizeGreaterThan(20);
    assertThat(table()).containsExactlyElementsOf(found);
  }

  /** The first two columns of the rows. */
  private static List<String> table() throws Exception {
    String text = Files.readString(GuestFiles.home().resolve("docs/ext2.md"));
    String section = text.substring(text.indexOf("\n## Features\n"));
    return section
        .lines()
        .dropWhile(line -> !line.startsWith("|---"))
        .skip(1)
        .takeWhile(line -> line.startsWith("|"))
        .map(line -> Arrays.stream(line.split("\\|", -1)).limit(3).collect(Collectors.joining("|")))
        .map(columns -> columns + "|")
        .toList();
  }
}
