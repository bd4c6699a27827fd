// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The real {@code e2fsck -fn}, asked for its problem numbers instead of its messages. */
final class E2fsckJudge {
  private static final Pattern PROBLEM = Pattern.compile("<problem code=\"0x([0-9a-f]{6})\"");
  private static final int BOUND_SECONDS = 10;

  /** The status of a check that has not ended: a tree of pointers that leads to itself. */
  static final int NOT_ENDED = -1;

  private final Path directory;
  private final Path configuration;
  private final Path log;

  /**
   * A judgement of one image.
   *
   * @param status the exit status of e2fsck
   * @param problems the numbers of its problems
   */
  record Judgement(int status, Set<Integer> problems) {
    boolean isDamaged() {
      return status != 0 || !problems.isEmpty();
    }
  }

  E2fsckJudge(Path directory) throws IOException {
    this.directory = directory;
    this.log = directory.resolve("problems.xml");
    this.configuration =
        Files.writeString(
            directory.resolve("e2fsck.conf"), "[options]\n\tproblem_log_filename = " + log + "\n");
  }

  Judgement judge(String e2fsck, Path image) throws IOException, InterruptedException {
    Files.deleteIfExists(log);
    ProcessBuilder builder = new ProcessBuilder(List.of(e2fsck, "-fn", image.toString()));
    builder.redirectErrorStream(true).redirectOutput(directory.resolve("output").toFile());
    builder.environment().put("E2FSCK_CONFIG", configuration.toString());
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    if (!process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      return new Judgement(NOT_ENDED, Set.of());
    }
    Set<Integer> problems = new TreeSet<>();
    if (Files.exists(log)) {
      Matcher matcher = PROBLEM.matcher(Files.readString(log, StandardCharsets.ISO_8859_1));
      while (matcher.find()) {
        problems.add(Integer.parseInt(matcher.group(1), 16));
      }
    }
    return new Judgement(process.exitValue(), problems);
  }
}
