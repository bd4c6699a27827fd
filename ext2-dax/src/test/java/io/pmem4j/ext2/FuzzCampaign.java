// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs of {@link FuzzedRun} over inputs by seed, by several threads. A run that takes too long is a
 * finding, as is one that ends in an exception; one of each place in the code is kept.
 */
final class FuzzCampaign {
  private static final long MOST_SECONDS = 60;
  private static final long REPORT_SECONDS = 60;
  private static final int MOST_FINDINGS = 40;

  private final long first;
  private final long runs;
  private final List<Worker> workers = new ArrayList<>();
  private final AtomicLong next = new AtomicLong();
  private final Map<String, String> findings = new ConcurrentHashMap<>();
  private final long start = System.nanoTime();

  FuzzCampaign(long first, long runs, int threads) {
    this.first = first;
    this.runs = runs;
    for (int i = 0; i < threads; i++) {
      workers.add(new Worker());
    }
  }

  private final class Worker extends Thread {
    private final FuzzedRun run = new FuzzedRun();
    private volatile long seed;
    private volatile long since;
    private volatile long done;

    Worker() {
      super("image-fuzz");
      setDaemon(true);
    }

    @Override
    public void run() {
      long index = next.getAndIncrement();
      for (; index < runs && findings.size() < MOST_FINDINGS; index = next.getAndIncrement()) {
        since = System.nanoTime();
        seed = first + index;
        byte[] input = FuzzedInputs.input(seed);
        try {
          run.run(input);
        } catch (Throwable e) {
          found(seed, input, e.toString(), e.getStackTrace());
        }
        done++;
      }
      since = Long.MAX_VALUE;
    }

    /** Notes a run that does not end; returns true if there is one. */
    boolean hangs() {
      long began = since;
      if (began == Long.MAX_VALUE || System.nanoTime() - began < MOST_SECONDS * 1_000_000_000L) {
        return false;
      }
      found(seed, FuzzedInputs.input(seed), "no end after " + MOST_SECONDS + " s", getStackTrace());
      return true;
    }
  }

  private void found(long seed, byte[] input, String what, StackTraceElement[] stack) {
    StringBuilder text = new StringBuilder();
    text.append("seed ").append(seed).append(", input ");
    text.append(HexFormat.of().formatHex(input)).append(": ").append(what);
    for (StackTraceElement each : stack) {
      text.append("\n    ").append(each);
    }
    StringBuilder place = new StringBuilder();
    for (int i = 0; i < Math.min(stack.length, 4); i++) {
      place.append(stack[i]);
    }
    findings.putIfAbsent(place.toString(), text.toString());
  }

  /** Makes all runs and returns the findings. */
  List<String> run() throws InterruptedException, IOException {
    workers.forEach(worker -> {
      worker.since = System.nanoTime();
      worker.start();
    });
    long reported = System.nanoTime();
    boolean hangs = false;
    for (Worker worker : workers) {
      while (!hangs && !worker.join(java.time.Duration.ofSeconds(1))) {
        hangs = workers.stream().anyMatch(Worker::hangs);
        if (System.nanoTime() - reported > REPORT_SECONDS * 1_000_000_000L) {
          reported = System.nanoTime();
          report();
        }
      }
    }
    report();
    return List.copyOf(findings.values());
  }

  /** Returns the number of runs whose image was mounted. */
  long mounts() {
    return workers.stream().mapToLong(worker -> worker.run.mounts()).sum();
  }

  private void report() throws IOException {
    long seconds = Math.max(1, (System.nanoTime() - start) / 1_000_000_000L);
    long done = workers.stream().mapToLong(worker -> worker.done).sum();
    List<String> lines = new ArrayList<>();
    lines.add(
        "%d runs from seed %d, %d mounted, %d s, %d runs/s, %d findings"
            .formatted(done, first, mounts(), seconds, done / seconds, findings.size()));
    lines.addAll(findings.values());
    Map<String, Integer> failures = new TreeMap<>();
    for (Worker worker : workers) {
      worker.run.attempts().failures().forEach((name, n) -> failures.merge(name, n, Integer::sum));
    }
    lines.add(
        "calls that ended well: "
            + workers.stream().mapToLong(w -> w.run.attempts().ended()).sum());
    failures.forEach((name, n) -> lines.add(n + " " + name));
    Files.createDirectories(Path.of("target"));
    Files.write(Path.of("target", "image-fuzz-" + first + ".txt"), lines);
  }
}
