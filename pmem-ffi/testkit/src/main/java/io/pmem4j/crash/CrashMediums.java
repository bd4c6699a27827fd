// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** The maker of media for test frameworks. */
public final class CrashMediums {
  /** Names the file of the only state to try, a system property. */
  private static final String REPLAY = "crash.replay";

  private CrashMediums() {}

  /**
   * Returns the medium of a test method. If the property {@code crash.replay} names a file of this
   * test, only its state is tried; if it is of another test, this test is not limited.
   *
   * @param type simple name of the test class
   * @param method name of the test method
   * @param log gets a line for each exploration
   */
  public static CrashMedium ofTest(
      String type,
      String method,
      List<CrashMode> modes,
      long atMost,
      long seed,
      boolean complete,
      Consumer<String> log) {
    String name = type + "." + method;
    String file = System.getProperty(REPLAY, "");
    String state;
    try {
      state = file.isEmpty() ? "" : ReplayFile.state(Path.of(file), name).orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException("property " + REPLAY + ": cannot read " + file, e);
    }
    return new CrashMedium(
        new CrashMedium.Settings(
            name,
            List.copyOf(modes),
            atMost,
            seed,
            complete,
            state,
            Path.of("target", "crash"),
            "mvn test -Dtest=" + type + "#" + method + " -D" + REPLAY + "=",
            CrashMedium.LIMIT,
            true,
            log));
  }
}
