// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's control socket: says when the guest panicked, and can end QEMU. Thread-safe; a thread
 * reads until the socket ends.
 */
public final class Qmp implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern RIP = Pattern.compile("RIP=([0-9a-f]{16})");

  private final SocketChannel socket;
  private final Thread reader;
  private boolean greeted;
  private boolean ended;
  private boolean panicked;
  private int answers;
  private JsonNode lastAnswer = JSON.nullNode();

  private Qmp(SocketChannel socket) {
    this.socket = socket;
    reader = Thread.ofPlatform().daemon().name("pmem4j-qmp").start(this::read);
  }

  /** Connects to a socket that is listening and leaves the negotiation mode. */
  public static Qmp connect(Path path, Deadline deadline) throws IOException, InterruptedException {
    Qmp qmp = new Qmp(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    boolean ready = false;
    try {
      ready = qmp.awaitGreeting(deadline) && qmp.execute("qmp_capabilities", deadline);
    } finally {
      if (!ready) {
        qmp.close();
      }
    }
    if (!ready) {
      throw new IOException("QEMU's control socket is silent");
    }
    return qmp;
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        take(JSON.readTree(line));
      }
    } catch (IOException e) {
      // The socket ends with QEMU or with close(); both are known elsewhere.
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private synchronized void take(JsonNode message) {
    greeted |= message.has("QMP");
    panicked |= message.path("event").asText().equals("GUEST_PANICKED");
    if (message.has("return") || message.has("error")) {
      answers++;
      lastAnswer = message;
    }
    notifyAll();
  }

  private synchronized boolean awaitGreeting(Deadline deadline) throws InterruptedException {
    while (!greeted && !ended && !deadline.passed()) {
      wait(Math.max(1, deadline.remainingMillis()));
    }
    return greeted;
  }

  /** True when QEMU answered, be it with an error; the effect is the caller's to see. */
  private boolean execute(String command, Deadline deadline)
      throws IOException, InterruptedException {
    return send("{\"execute\":\"" + command + "\"}", deadline) != null;
  }

  /** QEMU's answer, null when none came in time. */
  private @Nullable JsonNode send(String message, Deadline deadline)
      throws IOException, InterruptedException {
    int before;
    synchronized (this) {
      before = answers;
    }
    ByteBuffer line = ByteBuffer.wrap((message + "\n").getBytes(StandardCharsets.UTF_8));
    while (line.hasRemaining()) {
      socket.write(line);
    }
    synchronized (this) {
      while (answers == before && !ended && !deadline.passed()) {
        wait(Math.max(1, deadline.remainingMillis()));
      }
      return answers > before ? lastAnswer : null;
    }
  }

  /** Asks QEMU to end; the end of its process shows that it did. */
  public void quit(Deadline deadline) throws InterruptedException {
    try {
      execute("quit", deadline);
    } catch (IOException e) {
      // QEMU has ended already, or the process is about to be killed.
    }
  }

  /**
   * Gives an order without arguments, such as {@code system_reset} or {@code stop}.
   *
   * @param qmp null if there is none
   * @throws GuestException HARNESS_FAULT if QEMU does not take it
   */
  public static void order(@Nullable Qmp qmp, String command, Deadline deadline)
      throws GuestException {
    String why = "";
    try {
      JsonNode answer =
          qmp == null ? null : qmp.send("{\"execute\":\"" + command + "\"}", deadline);
      if (answer != null && answer.has("return")) {
        return;
      }
    } catch (IOException e) {
      why = ": " + e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      why = ": interrupted";
    }
    throw new GuestException(GuestOutcome.HARNESS_FAULT, "QEMU did not take " + command + why);
  }

  /** A break on a serial line; true when QEMU has sent it. */
  public boolean sendBreak(String chardev, Deadline deadline)
      throws IOException, InterruptedException {
    JsonNode answer =
        send(
            "{\"execute\":\"chardev-send-break\",\"arguments\":{\"id\":\"" + chardev + "\"}}",
            deadline);
    return answer != null && answer.has("return");
  }

  /** Returns the status of QEMU, such as {@code running}; null if it does not answer. */
  public @Nullable String status(Deadline deadline) throws InterruptedException {
    try {
      JsonNode answer = send("{\"execute\":\"query-status\"}", deadline);
      return answer == null ? null : answer.path("return").path("status").asText();
    } catch (IOException e) {
      return null;
    }
  }

  /** Returns the instruction pointer of the first CPU in hex; null if QEMU does not answer. */
  public @Nullable String instructionPointer(Deadline deadline) throws InterruptedException {
    try {
      JsonNode answer =
          send(
              "{\"execute\":\"human-monitor-command\","
                  + "\"arguments\":{\"command-line\":\"info registers\"}}",
              deadline);
      Matcher rip = RIP.matcher(answer == null ? "" : answer.path("return").asText());
      return rip.find() ? rip.group(1) : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** QEMU has seen the guest's panic notification. */
  public synchronized boolean panicked() {
    return panicked;
  }

  /** Bounded: the reader ends when its socket is closed. */
  @Override
  public void close() throws IOException {
    socket.close();
    boolean interrupted = false;
    try {
      reader.join(1000);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
