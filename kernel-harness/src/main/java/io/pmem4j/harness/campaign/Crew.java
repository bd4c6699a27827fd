// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.work.KillPoint;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.Worker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** The workers that live at one time. */
final class Crew implements AutoCloseable {
  /** A loss that a worker has found. */
  static final class Loss extends Exception {
    private static final long serialVersionUID = 1;

    Loss(String message) {
      super(message);
    }
  }

  private static final Duration CHECK_BOUND = Duration.ofMinutes(10);
  private static final Duration OPERATION_BOUND = Duration.ofMinutes(2);

  private final Object change = new Object();
  private final List<WorkerProcess> workers = new ArrayList<>();
  private boolean works;

  /**
   * Starts workers, which wait for their orders.
   *
   * @param command that runs one
   * @param errors a folder for what they complain of
   */
  static Crew start(int workers, List<String> command, Path errors, WorkerProcess.Sink sink)
      throws IOException {
    Crew crew = new Crew();
    boolean started = false;
    try {
      for (int i = 0; i < workers; i++) {
        Path file = errors.resolve("worker" + i);
        crew.workers.add(WorkerProcess.start(command, file, crew.change, sink));
      }
      started = true;
      return crew;
    } finally {
      if (!started) {
        crew.close();
      }
    }
  }

  /** Assigns a lane to its worker. */
  void assign(int lane, LaneSpec spec, long promised, long intended) {
    List<String> words = new ArrayList<>();
    words.addAll(
        List.of(
            Worker.LANE, String.valueOf(lane), String.valueOf(promised), String.valueOf(intended)));
    words.addAll(spec.words());
    workers.get(spec.worker()).order(words.toArray(String[]::new));
  }

  /**
   * Lets one worker wait at a point.
   *
   * @param passes number of times that it passes the point before
   * @param operations number that it has acknowledged before the passes count
   */
  void arm(int worker, KillPoint point, long passes, long operations) {
    workers
        .get(worker)
        .order(Worker.ARM, point.name(), String.valueOf(passes), String.valueOf(operations));
  }

  /** Lets all of them check their lanes and work. */
  void run(SplittableRandom random) {
    works = true;
    workers.forEach(worker -> worker.order(Worker.RUN, String.valueOf(random.nextLong())));
  }

  /** Lets all of them check their lanes and end. */
  void verify() {
    workers.forEach(worker -> worker.order(Worker.VERIFY));
  }

  /**
   * Waits until all lanes are checked.
   *
   * @throws Loss if one does not have what was acknowledged
   * @throws CampaignException if a worker cannot check
   */
  void awaitChecked() throws Loss, IOException, InterruptedException {
    await(CHECK_BOUND, WorkerProcess::isReady, "check its lanes");
  }

  /** Waits until each worker has made an operation durable, or waits at a point. */
  void awaitWork() throws Loss, IOException, InterruptedException {
    await(
        OPERATION_BOUND,
        worker -> worker.operations() > 0 || !worker.point().isEmpty(),
        "make an operation durable");
  }

  /** Waits for some time, or until a worker waits at a point; returns the point or nothing. */
  String awaitPoint(Duration time) throws Loss, IOException, InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    synchronized (change) {
      while (true) {
        requireWorking();
        for (WorkerProcess worker : workers) {
          if (!worker.point().isEmpty()) {
            return worker.point();
          }
        }
        long millis = (end - System.nanoTime()) / 1_000_000;
        if (millis <= 0) {
          return "";
        }
        change.wait(millis);
      }
    }
  }

  private void await(Duration bound, Predicate<WorkerProcess> condition, String what)
      throws Loss, IOException, InterruptedException {
    long end = System.nanoTime() + bound.toNanos();
    synchronized (change) {
      while (!workers.stream().allMatch(condition)) {
        requireWorking();
        long millis = (end - System.nanoTime()) / 1_000_000;
        if (millis <= 0) {
          throw new CampaignException(
              "a worker did not " + what + " within " + bound.toSeconds() + " s");
        }
        change.wait(millis);
      }
      requireWorking();
    }
  }

  private void requireWorking() throws Loss, IOException, InterruptedException {
    for (WorkerProcess worker : workers) {
      if (!worker.lost().isEmpty()) {
        throw new Loss(worker.lost());
      }
      if (!worker.refused().isEmpty()) {
        throw new CampaignException(worker.refused());
      }
      if (worker.isEnded() && (works || !worker.isReady())) {
        throw new CampaignException(worker.end());
      }
    }
  }

  /** Kills all workers by SIGKILL; what they told is in the journal then. */
  void kill() throws InterruptedException {
    for (WorkerProcess worker : workers) {
      worker.kill();
    }
  }

  @Override
  public void close() {
    workers.forEach(WorkerProcess::close);
  }
}
