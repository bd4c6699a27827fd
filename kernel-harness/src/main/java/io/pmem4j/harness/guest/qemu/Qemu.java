// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import io.pmem4j.harness.wire.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A started QEMU, wherever it runs: its sockets lie on this machine. {@link #destroy} may be called
 * from any thread at any time; the rest is for one thread.
 */
public interface Qemu {
  /** A connector to a socket of QEMU. */
  interface Connector<T> {
    /** Connects; an IOException means: not yet. */
    T connect() throws IOException, InterruptedException;
  }

  /** Returns the path of the agent's socket. */
  Path agentSocket();

  /** QEMU's control socket. */
  Path qmpSocket();

  /** stdout and stderr: the console and QEMU's complaints. */
  InputStream output();

  /** Sends a character to the guest's serial line. */
  void press(char key) throws IOException;

  /** QEMU's process id as this machine sees it. */
  long pid();

  /** Returns whether QEMU runs. */
  boolean isAlive();

  /** Returns how QEMU ended, in words; only after its end. */
  String exit();

  /** True when QEMU has ended. */
  boolean awaitExit(Deadline deadline) throws InterruptedException;

  /** Kills QEMU, waits for its end and removes its files. Idempotent. */
  void destroy();

  /**
   * Connects as soon as QEMU listens, and returns null when it ended or the time passed instead.
   * The wait is on the process, for ten milliseconds a turn: QEMU does not tell when it listens.
   */
  default <T> @Nullable T connect(Path socket, Connector<T> connector, Deadline deadline)
      throws InterruptedException {
    while (!deadline.passed()) {
      if (Files.exists(socket)) {
        try {
          return connector.connect();
        } catch (IOException e) {
          // The file appears at bind(2); connecting works from listen(2) on.
        }
      }
      if (awaitExit(Deadline.after(Duration.ofMillis(10)))) {
        return null;
      }
    }
    return null;
  }

  /** An exit status in words. */
  static String exit(int status) {
    // Of a process killed by signal n both Java and a container say 128 + n.
    return status > 128 ? "QEMU was killed by signal " + (status - 128) : "QEMU exited " + status;
  }
}
