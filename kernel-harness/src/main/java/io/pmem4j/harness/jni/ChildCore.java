// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The operation core in a child process, over a socketpair. The child does what a JVM cannot do to
 * itself: fork, take another identity, park a task inside the kernel. The child ends when its
 * socket is closed, and so when this JVM is killed.
 *
 * <p>Thread-safe: one operation at a time.
 */
public final class ChildCore implements OperationCore {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final int pid;
  private final int channel;
  private final Duration bound;
  private boolean ended;

  private ChildCore(int pid, int channel, Duration bound) {
    this.pid = pid;
    this.channel = channel;
    this.bound = bound;
  }

  /**
   * Starts the child.
   *
   * @param bound how long an operation may take before the child is given up and killed
   */
  public static ChildCore start(Duration bound) throws IOException {
    // The directory may go when the child runs: a running program needs no name.
    try (WorkDirectory directory = new WorkDirectory(WorkDirectory.TEMPORARY)) {
      NativeFiles.Loaded.ensure();
      Path executable = NativeFiles.extract("host_agent", directory.path());
      long started = NativeCore.spawn(executable.toString());
      return new ChildCore((int) (started >> 32), (int) started, bound);
    } catch (LinkageError e) {
      throw new IOException("child of the kernel bridge: " + e.getMessage(), e);
    }
  }

  /** Its process id. */
  public int pid() {
    return pid;
  }

  /**
   * Runs one operation.
   *
   * @throws IOException if it died or was not done in time; it is gone then
   * @throws IllegalStateException after it has gone
   */
  @Override
  public synchronized Response run(Request request) throws IOException {
    if (ended) {
      throw new IllegalStateException("the child " + pid + " has ended");
    }
    byte[] reply;
    try {
      reply = NativeCore.exchange(channel, request.encode(), bound.toMillis());
    } catch (IOException e) {
      throw new IOException(
          "child " + pid + " died under " + request.op().name() + ": " + words(end(Duration.ZERO)),
          e);
    }
    if (reply == null) {
      end(Duration.ZERO);
      throw new IOException(
          "child " + pid + ": " + request.op().name() + " took longer than " + bound + "; killed");
    }
    return Response.decode(reply);
  }

  private int end(Duration grace) {
    ended = true;
    return NativeCore.end(pid, channel, grace.toMillis());
  }

  /** A wait status, see wait(2). */
  private static String words(int status) {
    int signal = status & 0x7f;
    return signal != 0 ? "signal " + signal : "exit status " + (status >> 8 & 0xff);
  }

  @Override
  public synchronized void close() {
    if (!ended) {
      end(GRACE);
    }
  }
}
