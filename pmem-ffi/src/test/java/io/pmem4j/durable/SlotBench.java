// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;

/**
 * Writes and frees of slots by one thread and by two, beside two stores of 64 bytes and {@code
 * force} of a mapped buffer: in one file, and in a file for each thread. Arguments: a folder, the
 * number of writes a round, and the number of slots. Other load takes processors away, so that each
 * thread's processor time counts: n threads make n writes in the time that one of them takes.
 *
 * <p>The bare forces show what the kernel allows: two threads of one process share its lock of
 * mappings, also if their files differ.
 */
final class SlotBench {
  private static final int ROUNDS = 40;
  private static final int LANE = 4 << 20;

  private SlotBench() {}

  /** Work of a thread: a number of writes, durable, and of frees. */
  private interface Work {
    void run(int thread, int times);
  }

  public static void main(String[] arguments) throws Exception {
    int writes = Integer.parseInt(arguments[1]);
    int slots = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 100_000;
    Path folder = Files.createTempDirectory(Path.of(arguments[0]), "bench");
    Map<String, Work> all = new LinkedHashMap<>();
    try (SlotStore store = SlotStore.openOrCreate(folder.resolve("slots"), 64, slots)) {
      byte[] record = new byte[64];
      all.put(
          "SlotStore, write and free",
          (_, times) -> {
            for (int i = 0; i < times; i++) {
              store.free(store.write(record));
            }
          });
      MappedByteBuffer both = map(folder.resolve("both"), 2 * LANE);
      all.put("bare, two forces, one file", bare(both, both));
      all.put(
          "bare, two forces, a file each",
          bare(map(folder.resolve("one"), 2 * LANE), map(folder.resolve("other"), 2 * LANE)));
      double[][][] times = new double[all.size()][2][ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        int row = 0;
        for (Work work : all.values()) {
          for (int threads = 1; threads <= 2; threads++) {
            times[row][threads - 1][round] = run(work, threads, writes);
          }
          row++;
        }
      }
      int row = 0;
      for (String name : all.keySet()) {
        double one = tenth(times[row][0]);
        double two = tenth(times[row++][1]);
        System.out.printf(
            "%-30s one thread %.1f ns, each of two %.1f ns; two make %.2f times one%n",
            name, one, two, 2 * one / two);
      }
    } finally {
      for (String name : new String[] {"slots", "both", "one", "other"}) {
        Files.deleteIfExists(folder.resolve(name));
      }
      Files.delete(folder);
    }
  }

  private static MappedByteBuffer map(Path path, long bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
    }
  }

  /** Two stores and forces, as many as a write and a free make. */
  private static Work bare(MappedByteBuffer first, MappedByteBuffer second) {
    byte[] record = new byte[64];
    return (thread, times) -> {
      MappedByteBuffer buffer = thread == 0 ? first : second;
      for (int i = 0; i < times; i++) {
        int at = thread * LANE + i * 80 % (LANE - 128);
        buffer.put(at, record);
        buffer.force(at, 64);
        buffer.putLong(at, 0);
        buffer.force(at, 8);
      }
    };
  }

  /** Returns the processor time of one turn, the mean of the threads. */
  private static double run(Work work, int threads, int turns) throws Exception {
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
                  long before = MapBench.processorTime();
                  work.run(number, turns);
                  times[number] = MapBench.processorTime() - before;
                } catch (Exception broken) {
                  throw new IllegalStateException(broken);
                }
              });
    }
    for (Thread thread : all) {
      thread.join();
    }
    return (double) Arrays.stream(times).sum() / threads / turns;
  }

  private static double tenth(double[] rounds) {
    double[] late = Arrays.copyOfRange(rounds, ROUNDS / 3, ROUNDS);
    Arrays.sort(late);
    return late[late.length / 10];
  }
}
