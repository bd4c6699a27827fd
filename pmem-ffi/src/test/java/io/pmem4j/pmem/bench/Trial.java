// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;

/**
 * One comparison: in each round every contender runs one short batch, in an order drawn anew, so
 * that whatever disturbs the machine disturbs all of them alike. A round is a pair (a tuple) of
 * samples; ratios are made of the tenth percentiles, which a busy neighbour hardly moves.
 */
final class Trial {
  /**
   * The work of a trial.
   *
   * @param length bytes a call
   * @param dirty true if each call's range is stored to before
   * @param threads number of threads that do it at once
   */
  record Shape(long length, boolean dirty, int threads) {
    /** The bytes of memory of a lane. */
    static final long LANE = 8 << 20;

    long window() {
      return Math.max(1 << 20, Math.min(LANE, 4 * length));
    }

    long step() {
      return Math.max(64, length);
    }

    long base(int lane) {
      return lane * LANE;
    }

    @Override
    public String toString() {
      String size = length < 1024 ? length + " B" : (length >> 10) + " KiB";
      return size
          + (dirty ? " dirty" : " clean")
          + (threads > 1 ? ", " + threads + " threads" : "");
    }
  }

  private static final long BATCH_NANOS = 100_000;
  private static final int MOST_CALLS = 4000;
  private static final long WARM_UP_NANOS = 500_000_000;
  private static final int WARM_UP_CALLS = 60_000;

  private final Shape shape;
  private final int rounds;
  private final Map<String, Contender> contenders;
  private final long warmUpNanos;
  private final Random order = new Random(1);

  Trial(Shape shape, int rounds, Map<String, Contender> contenders) {
    this(shape, rounds, contenders, WARM_UP_NANOS);
  }

  /** Warms each contender up for a time, at most; a server of its own compiles more slowly. */
  Trial(Shape shape, int rounds, Map<String, Contender> contenders, long warmUpNanos) {
    this.shape = shape;
    this.rounds = rounds;
    this.contenders = contenders;
    this.warmUpNanos = warmUpNanos;
  }

  /** Nanoseconds a call, by contender, one for each round. */
  Map<String, double[]> measure() throws Exception {
    Map<String, double[]> samples = new LinkedHashMap<>();
    Map<String, Integer> calls = new LinkedHashMap<>();
    for (Map.Entry<String, Contender> entry : contenders.entrySet()) {
      if (shape.threads == 1 || entry.getValue().isShared()) {
        samples.put(entry.getKey(), new double[rounds]);
        calls.put(entry.getKey(), warmUp(entry.getValue()));
      }
    }
    List<String> turn = new ArrayList<>(samples.keySet());
    for (int round = 0; round < rounds; round++) {
      Collections.shuffle(turn, order);
      for (String name : turn) {
        Contender contender = contenders.get(name);
        int n = calls.get(name);
        // A first part, not counted, fetches the contender's code and data again.
        contender.run(shape, 0, Math.max(1, n / 8));
        samples.get(name)[round] = batch(contender, n);
      }
    }
    return samples;
  }

  /** Has the loop compiled; answers how many calls make a batch. */
  private int warmUp(Contender contender) {
    long begin = System.nanoTime();
    long calls = 0;
    int chunk = 1;
    long last = begin;
    double nanos = Double.MAX_VALUE;
    // Compiled in the foreground, so that calls count and not how busy the machine is.
    while (calls < WARM_UP_CALLS && last - begin < warmUpNanos) {
      contender.run(shape, 0, chunk);
      calls += chunk;
      long now = System.nanoTime();
      nanos = Math.min(nanos, (double) (now - last) / chunk);
      last = now;
      chunk = Math.min(2 * chunk, 512);
    }
    return (int) Math.clamp((long) (BATCH_NANOS / nanos), 1, MOST_CALLS);
  }

  private double batch(Contender contender, int calls) throws Exception {
    if (shape.threads == 1) {
      long begin = System.nanoTime();
      contender.run(shape, 0, calls);
      return (double) (System.nanoTime() - begin) / calls;
    }
    // Longer, because starting together is not exact; the slowest lane counts.
    int more = 4 * calls;
    long[] nanos = new long[shape.threads];
    CyclicBarrier start = new CyclicBarrier(shape.threads);
    Thread[] lanes = new Thread[shape.threads];
    for (int i = 0; i < lanes.length; i++) {
      int lane = i;
      lanes[i] =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  start.await();
                } catch (Exception broken) {
                  throw new IllegalStateException(broken);
                }
                contender.run(shape, lane, calls / 4 + 1);
                long begin = System.nanoTime();
                contender.run(shape, lane, more);
                nanos[lane] = System.nanoTime() - begin;
              });
    }
    long slowest = 0;
    for (int i = 0; i < lanes.length; i++) {
      lanes[i].join();
      slowest = Math.max(slowest, nanos[i]);
    }
    return (double) slowest / more;
  }
}
