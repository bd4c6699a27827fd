// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A program of the host, run to its end within a bound. */
final class Subprocess {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  /** The longest time from a signal to its group until this JVM begins to end. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  /** e2fsck(8) catches SIGINT and SIGTERM and answers so: canceled by user request. */
  private static final int CANCELED = 32;

  private static final int BY_A_SIGNAL = 128;

  /**
   * The result of a program.
   *
   * @param exit its exit status
   * @param output what it printed, both streams
   */
  record Result(int exit, String output) {}

  private Subprocess() {}

  /**
   * Runs a program to its end.
   *
   * @throws IOException if it does not end in time, or by itself: then it has said nothing
   */
  static Result run(Map<String, String> environment, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    // e2fsprogs live where root looks, which is not on every user's path.
    builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> readAll(process));
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException(command.getFirst() + " did not end within " + LIMIT);
      }
      int exit = process.exitValue();
      if (exit > BY_A_SIGNAL || (exit & CANCELED) != 0) {
        // Ctrl-C goes to all processes of a terminal: this one ends too, and says nothing before.
        JvmEnd.await(GRACE);
        throw new IOException(command.getFirst() + " was stopped by a signal, exit " + exit);
      }
      return new Result(exit, output.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + command.getFirst() + " ran", e);
    } catch (ExecutionException e) {
      throw new IOException(command.getFirst() + ": " + e.getMessage(), e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String readAll(Process process) {
    try {
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
