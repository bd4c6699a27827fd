// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.console;

import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text that the guest's kernel prints, and QEMU's own complaints. A thread reads it to its end,
 * into a file; the last lines are kept, and each is graded. Thread-safe.
 */
public final class Console {
  /** The number of lines that {@link #tail} keeps. */
  public static final int TAIL_LINES = 100;

  /** A kernel that prints reports in a loop is not to fill the host's memory. */
  private static final int MOST_FINDINGS = 1000;

  /**
   * A line that reports something.
   *
   * @param outcome PANIC, OOPS, OOM, SPLAT or LOCKDEP_OFF
   * @param line as printed
   */
  public record Finding(GuestOutcome outcome, String line) {}

  /** The agent names its task after the operation of a batch that it runs. */
  private static final Pattern OPERATION = Pattern.compile("(?:Comm: |task:)op (\\d{1,9})\\b");

  private final Path file;
  private final Thread reader;
  private final Deque<String> tail = new ArrayDeque<>();
  private final List<Finding> findings = new ArrayList<>();
  private String lastMark = "";
  private String oops = "";
  private int operation = -1;
  private boolean panicked;
  private boolean agentLost;
  private boolean ended;

  /** Reads the stream until it ends, which it does with QEMU. */
  public Console(InputStream stream, Path file) {
    this.file = file;
    reader = Thread.ofPlatform().daemon().name("pmem4j-console").start(() -> read(stream));
  }

  private void read(InputStream stream) {
    try (BufferedReader in =
            new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
        Writer out = Files.newBufferedWriter(file)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        // Serial lines end in CR LF, which readLine takes for one end; a stray CR makes empty
        // lines.
        out.write(line);
        out.write('\n');
        out.flush();
        take(line);
      }
    } catch (IOException e) {
      take("console: " + e.getMessage());
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private synchronized void take(String line) {
    if (tail.size() == TAIL_LINES) {
      tail.removeFirst();
    }
    tail.addLast(line);
    notifyAll();
    int mark = line.indexOf(Mark.PREFIX);
    if (mark >= 0) {
      lastMark = line.substring(mark);
      return;
    }
    if (line.contains("Attempted to kill init") || line.startsWith("agent: the port failed")) {
      agentLost = true;
    }
    Matcher named = OPERATION.matcher(line);
    if (named.find()) {
      operation = Integer.parseInt(named.group(1));
    }
    GuestOutcome outcome = SplatScanner.grade(line);
    if (outcome != null) {
      panicked |= outcome == GuestOutcome.PANIC;
      if (outcome == GuestOutcome.OOPS && oops.isEmpty()) {
        oops = line.strip();
      }
      if (findings.size() < MOST_FINDINGS) {
        findings.add(new Finding(outcome, line));
      }
    }
  }

  /** The last lines, oldest first. */
  public synchronized List<String> tail() {
    return List.copyOf(tail);
  }

  /** Everything printed so far is here. */
  public Path file() {
    return file;
  }

  /** Returns the reports since the last call, oldest first. */
  public synchronized List<Finding> takeFindings() {
    List<Finding> taken = List.copyOf(findings);
    findings.clear();
    return taken;
  }

  /** The same, left for {@link #takeFindings}. */
  public synchronized List<Finding> findings() {
    return List.copyOf(findings);
  }

  public synchronized boolean panicked() {
    return panicked;
  }

  /** The line that numbers the first oops, or an empty string. */
  public synchronized String oops() {
    return oops;
  }

  /** Which operation of a batch the last report with a task's name was printed in. */
  public synchronized OptionalInt operation() {
    return operation < 0 ? OptionalInt.empty() : OptionalInt.of(operation);
  }

  /**
   * The last lines once one of them is as wanted; empty when the time or the console ended first.
   */
  public synchronized List<String> awaitLine(Predicate<String> wanted, Deadline deadline)
      throws InterruptedException {
    while (tail.stream().noneMatch(wanted) && !ended && !deadline.passed()) {
      wait(Math.max(1, deadline.remainingMillis()));
    }
    return tail.stream().anyMatch(wanted) ? tail() : List.of();
  }

  /** The agent, which is pid 1, has ended. */
  public synchronized boolean agentLost() {
    return agentLost;
  }

  /** The last line that says anything, or an empty string. */
  public synchronized String lastLine() {
    String last = "";
    for (String line : tail) {
      if (!line.isBlank()) {
        last = line.strip();
      }
    }
    return last;
  }

  /** True when the mark has been read; false when the time or the console ended first. */
  public synchronized boolean awaitMark(Mark mark, Deadline deadline) throws InterruptedException {
    while (!lastMark.startsWith(mark.text()) && !ended && !deadline.passed()) {
      wait(Math.max(1, deadline.remainingMillis()));
    }
    return lastMark.startsWith(mark.text());
  }

  /** True when everything that QEMU printed has been read. */
  public synchronized boolean awaitEnd(Deadline deadline) throws InterruptedException {
    while (!ended && !deadline.passed()) {
      wait(Math.max(1, deadline.remainingMillis()));
    }
    return ended;
  }

  /** Waits for the end of the reader thread. */
  public void join(Deadline deadline) throws InterruptedException {
    reader.join(Math.max(1, deadline.remainingMillis()));
  }

  /**
   * A line that the guest's kernel prints at the host's request. When it arrives, everything
   * printed before it has been read. Without it a report might still be in transit when the
   * operation that caused it has answered.
   *
   * @param number never the same twice in one guest
   */
  public record Mark(long number) {
    static final String PREFIX = "pmem4j: mark ";

    public String text() {
      return PREFIX + number + ".";
    }
  }
}
