// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.kernel;

import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs one of the checkout's scripts: its stdout is the answer, its stderr is passed through. */
public final class CheckoutScript {
  private CheckoutScript() {}

  /**
   * The lines that the script printed to stdout.
   *
   * @throws GuestException HARNESS_FAULT when it cannot be run, takes longer than {@code bound}, or
   *     exits with anything but 0: then the message is its last line on stderr
   */
  public static List<String> run(Duration bound, Path script, String... arguments)
      throws GuestException {
    return run(bound, Map.of(), script, arguments);
  }

  /** The same, with defaults for variables that the environment does not set. */
  public static List<String> run(
      Duration bound, Map<String, String> defaults, Path script, String... arguments)
      throws GuestException {
    Ended ended = end(bound, defaults, script, arguments);
    if (ended.status() != 0) {
      throw fault(script.getFileName() + ": " + ended.lastError());
    }
    return ended.lines();
  }

  /**
   * A script that has ended.
   *
   * @param status its exit status
   * @param lines what it printed to stdout
   * @param lastError the last line on stderr, or the status in words when there was none
   */
  record Ended(int status, List<String> lines, String lastError) {}

  /**
   * Runs a script and returns how it ended, whatever the status.
   *
   * @throws GuestException HARNESS_FAULT when it cannot be run or takes longer than {@code bound}
   */
  static Ended end(Duration bound, Map<String, String> defaults, Path script, String... arguments)
      throws GuestException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    Process process;
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectInput(Redirect.from(DEV_NULL));
      defaults.forEach(builder.environment()::putIfAbsent);
      process = builder.start();
    } catch (IOException e) {
      throw fault("cannot run " + script + ": " + e.getMessage());
    }
    Deque<String> errors = new ArrayDeque<>();
    List<String> lines = new ArrayList<>();
    // A JVM that is told to end while a kernel compiles ends the compilers too.
    Thread hook = new Thread(() -> destroy(process), "pmem4j-script-end");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      destroy(process);
      throw fault("the JVM is shutting down");
    }
    Thread out = reader(process.getInputStream(), lines, false);
    Thread err = reader(process.getErrorStream(), errors, true);
    try {
      if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
        throw fault(script.getFileName() + " did not end within " + bound.toSeconds() + " s");
      }
      out.join(5000);
      err.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw fault("interrupted while " + script.getFileName() + " ran");
    } finally {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The JVM is shutting down, and the hook does what follows here.
      }
      destroy(process);
    }
    String last;
    synchronized (errors) {
      last = errors.isEmpty() ? "exit " + process.exitValue() : errors.getLast();
    }
    synchronized (lines) {
      return new Ended(process.exitValue(), List.copyOf(lines), last);
    }
  }

  private static final Duration GRACE = Duration.ofSeconds(6);

  /** Ends a script with all that it started, and kills the rest after {@link #GRACE}. */
  private static void destroy(Process process) {
    if (process.isAlive()) {
      // The script's own trap removes its temporary files.
      process.destroy();
      try {
        process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static final File DEV_NULL = new File("/dev/null");

  private static Thread reader(InputStream stream, Collection<String> into, boolean passThrough) {
    return Thread.ofPlatform()
        .daemon()
        .name("pmem4j-script")
        .start(() -> {
          try (BufferedReader in =
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
              synchronized (into) {
                into.add(line);
              }
              if (passThrough) {
                System.err.println(line);
              }
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static GuestException fault(String message) {
    return new GuestException(GuestOutcome.HARNESS_FAULT, message);
  }
}
