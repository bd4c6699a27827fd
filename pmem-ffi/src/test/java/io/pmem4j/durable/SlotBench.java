// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;

/**
 * Writes and frees of slots by one thread and by two. Arguments: a folder, and the number of writes
 * a round, and the number of slots. Other load takes processors away, so that each thread's
 * processor time counts: n threads make n writes in the time that one of them takes.
 */
final class SlotBench {
  private static final int ROUNDS = 40;

  private SlotBench() {}

  public static void main(String[] arguments) throws Exception {
    int writes = Integer.parseInt(arguments[1]);
    int slots = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 10_000;
    Path path = Files.createTempDirectory(Path.of(arguments[0]), "bench").resolve("slots");
    double[][] times = new double[2][ROUNDS];
    try (SlotStore store = SlotStore.openOrCreate(path, 64, slots)) {
      for (int round = 0; round < ROUNDS; round++) {
        for (int threads = 1; threads <= 2; threads++) {
          times[threads - 1][round] = run(store, threads, writes);
        }
      }
    } finally {
      Files.delete(path);
      Files.delete(path.getParent());
    }
    double one = tenth(times[0]);
    double two = tenth(times[1]);
    System.out.printf(
        "write and free: one thread %.1f ns, each of two %.1f ns; two make %.2f times one%n",
        one, two, 2 * one / two);
  }

  /** Returns the processor time of a write and a free, the mean of the threads. */
  private static double run(SlotStore store, int threads, int writes) throws Exception {
    CyclicBarrier begin = new CyclicBarrier(threads);
    long[] times = new long[threads];
    Thread[] all = new Thread[threads];
    for (int t = 0; t < threads; t++) {
      int number = t;
      all[t] =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  begin.await();
                  byte[] record = new byte[64];
                  long before = MapBench.processorTime();
                  for (int i = 0; i < writes; i++) {
                    store.free(store.write(record));
                  }
                  times[number] = MapBench.processorTime() - before;
                } catch (Exception broken) {
                  throw new IllegalStateException(broken);
                }
              });
    }
    for (Thread thread : all) {
      thread.join();
    }
    return (double) Arrays.stream(times).sum() / threads / writes;
  }

  private static double tenth(double[] rounds) {
    double[] late = Arrays.copyOfRange(rounds, ROUNDS / 3, ROUNDS);
    Arrays.sort(late);
    return late[late.length / 10];
  }
}
