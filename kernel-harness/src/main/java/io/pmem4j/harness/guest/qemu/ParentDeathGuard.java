// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A child process that the kernel kills when this JVM ends, by SIGKILL too. It is bound by {@code
 * qemu/guest/tethered} to the life of the thread that starts it, so it has a thread of its own,
 * which lives exactly as long as the process.
 */
final class ParentDeathGuard {
  private static final long JOIN_MILLIS = 5000;

  private final Process process;
  private final Thread thread;

  private ParentDeathGuard(Process process, Thread thread) {
    this.process = process;
    this.thread = thread;
  }

  /** Starts the process. */
  static ParentDeathGuard start(ProcessBuilder builder) throws IOException {
    CompletableFuture<Process> started = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("pmem4j-qemu")
            .start(() -> {
              try {
                Process process = builder.start();
                started.complete(process);
                // Returning early would kill the process.
                process.onExit().join();
              } catch (IOException | RuntimeException e) {
                started.completeExceptionally(e);
              }
            });
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return new ParentDeathGuard(started.get(), thread);
        } catch (InterruptedException e) {
          // A fork is short, and an unknown child would be worse than the wait.
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  Process process() {
    return process;
  }

  /** Waits for the thread, which ends with the process. */
  void join() throws InterruptedException {
    thread.join(JOIN_MILLIS);
  }
}
