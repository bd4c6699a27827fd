// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.opentest4j.TestAbortedException;

/**
 * The programs and devices that a test needs on this machine. A missing one skips the test with the
 * reason, or fails it if nothing may be skipped.
 */
public final class Required {
  private static final String ALL = "PMEM4J_REQUIRE_ALL";

  private Required() {}

  /** Programs that have to be there. */
  public static void programs(String... names) {
    for (String name : names) {
      if (!exists(name)) {
        throw missing("no program " + name);
      }
    }
  }

  /**
   * Reports that something is missing.
   *
   * @return what to throw: it skips the test, or fails it where nothing may be skipped
   */
  public static RuntimeException missing(String reason) {
    if ("1".equals(System.getenv(ALL))) {
      throw new AssertionError(ALL + "=1 and " + reason);
    }
    System.out.println("skipped: " + reason);
    return new TestAbortedException(reason);
  }

  private static boolean exists(String program) {
    String path = System.getenv("PATH") + ":/usr/sbin:/sbin";
    return Arrays.stream(path.split(File.pathSeparator, -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(program)));
  }
}
