// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.journal.JournalRecord;
import io.pmem4j.harness.campaign.journal.JournalRecord.Acknowledged;
import io.pmem4j.harness.campaign.journal.JournalRecord.Intended;
import io.pmem4j.harness.campaign.journal.JournalRecord.Recovered;
import io.pmem4j.harness.campaign.work.Words;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A worker as its campaign sees it. A thread of its own reads what the worker tells, writes it to
 * the journal and answers. The worker ends when this process does, because its stdin ends then.
 */
final class WorkerProcess implements AutoCloseable {
  /** A listener that makes records durable before it returns. */
  @FunctionalInterface
  interface Sink {
    void append(JournalRecord... records) throws IOException;
  }

  /** Of the worker's stderr, in a message. */
  private static final int LAST_WORDS = 600;

  private final Process process;
  private final Path errors;
  private final Object change;
  private final Sink sink;
  private final Thread reader;
  private boolean ready;
  private boolean ended;
  private long operations;
  private String point = "";
  private String lost = "";
  private String refused = "";

  private WorkerProcess(Process process, Path errors, Object change, Sink sink) {
    this.process = process;
    this.errors = errors;
    this.change = change;
    this.sink = sink;
    this.reader = Thread.ofPlatform().daemon().name("pmem4j-worker").start(this::read);
  }

  /**
   * Starts a worker, which waits for its orders.
   *
   * @param command that runs it
   * @param errors the file that gets its stderr
   * @param change is notified of each thing that it tells
   */
  static WorkerProcess start(List<String> command, Path errors, Object change, Sink sink)
      throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.to(errors.toFile()))
            .start();
    return new WorkerProcess(process, errors, change, sink);
  }

  /** Gives an order. A worker that has ended meanwhile is seen by its end. */
  void order(String... words) {
    String line = Words.line(List.of(words)) + "\n";
    try {
      OutputStream in = process.getOutputStream();
      in.write(line.getBytes(StandardCharsets.US_ASCII));
      in.flush();
    } catch (IOException gone) {
      // Its reader comes to the end.
    }
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        take(Words.of(line));
      }
    } catch (IOException | RuntimeException e) {
      set(() -> refused = refused.isEmpty() ? String.valueOf(e.getMessage()) : refused);
      process.destroyForcibly();
    } finally {
      set(() -> ended = true);
    }
  }

  private void take(List<String> words) throws IOException {
    switch (words.getFirst()) {
      case "intends" -> {
        sink.append(new Intended(lane(words), operation(words)));
        order("ok");
      }
      case "done" -> {
        sink.append(
            new Acknowledged(lane(words), operation(words)),
            new Intended(Integer.parseInt(words.get(3)), Long.parseLong(words.get(4))));
        order("ok");
        set(() -> operations++);
      }
      case "found" -> sink.append(new Recovered(lane(words), operation(words)));
      case "ready" -> set(() -> ready = true);
      case "at" -> set(() -> point = words.get(1));
      case "lost" -> set(() -> lost = words.get(1));
      case "refused" -> set(() -> refused = words.get(1));
      default -> throw new IOException("a worker says " + words);
    }
  }

  private static int lane(List<String> words) {
    return Integer.parseInt(words.get(1));
  }

  private static long operation(List<String> words) {
    return Long.parseLong(words.get(2));
  }

  private void set(Runnable setting) {
    synchronized (change) {
      setting.run();
      change.notifyAll();
    }
  }

  private boolean is(BooleanSupplier condition) {
    synchronized (change) {
      return condition.getAsBoolean();
    }
  }

  /** Returns true once its lanes are checked. */
  boolean isReady() {
    return is(() -> ready);
  }

  /** Returns true once it cannot tell anything more. */
  boolean isEnded() {
    return is(() -> ended);
  }

  /** Returns the number of operations that it has acknowledged. */
  long operations() {
    synchronized (change) {
      return operations;
    }
  }

  /** Returns the point at which it waits; empty for none. */
  String point() {
    synchronized (change) {
      return point;
    }
  }

  /** Returns the loss that it found; empty for none. */
  String lost() {
    synchronized (change) {
      return lost;
    }
  }

  /** Returns the reason for which it cannot work; empty for none. */
  String refused() {
    synchronized (change) {
      return refused;
    }
  }

  /** Kills it by SIGKILL, and returns when all that it told is in the journal. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
    reader.join();
  }

  /** Returns how it ended, in words. */
  String end() throws InterruptedException {
    List<String> words = new ArrayList<>(List.of("a worker ended with status"));
    words.add(String.valueOf(process.waitFor()));
    try {
      String text = Files.readString(errors).strip();
      if (!text.isEmpty()) {
        words.add("and said: " + text.substring(Math.max(0, text.length() - LAST_WORDS)));
      }
    } catch (IOException unreadable) {
      words.add("and its stderr cannot be read");
    }
    return String.join(" ", words);
  }

  /** Kills it, and waits for its end. */
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    try {
      kill();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
