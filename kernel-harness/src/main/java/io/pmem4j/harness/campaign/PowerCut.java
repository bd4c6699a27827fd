// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A way to cut the machine off, after which this process does not live any more. */
@FunctionalInterface
public interface PowerCut {
  /** Cuts the machine off; returns, with what was tried in words, only if that did not happen. */
  String cut() throws IOException, InterruptedException;

  /**
   * Returns the user's command, which gets the time to stay off in its environment.
   *
   * @param wait for the machine's end after the command's
   */
  static PowerCut command(String command, Duration offTime, Duration wait, Machine machine) {
    return () -> {
      ProcessBuilder builder =
          new ProcessBuilder("/bin/sh", "-c", command).redirectErrorStream(true);
      builder.environment().put("PMEM4J_OFF_SECONDS", String.valueOf(offTime.toSeconds()));
      Process process = builder.start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      String words = "'" + command + "' ended with status " + status;
      if (!said.isBlank()) {
        words += " and said: " + said.strip();
      }
      if (status == 0) {
        machine.pause().during(wait);
        words += "; the machine still runs " + wait.toSeconds() + " s later";
      }
      return words;
    };
  }
}
