// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.mashona.logwriting.AppendOnlyLog;
import io.mashona.logwriting.AppendOnlyLogImpl;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * An append of 64 bytes beside a store of 64 bytes and {@code force} of a mapped buffer, and beside
 * mashona's log, in turns. Arguments: a folder, and the number of appends a round. Prints
 * nanoseconds: the tenth percentile of rounds, which other load disturbs least.
 */
final class LogBench {
  private static final int ROUNDS = 60;
  private static final int CAPACITY = 16 << 20;

  private LogBench() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory(Path.of(arguments[0]), "bench");
    int appends = Integer.parseInt(arguments[1]);
    byte[] record = new byte[64];
    double[] mashona = new double[ROUNDS];
    double[] append = new double[ROUNDS];
    double[] group = new double[ROUNDS];
    double[] bare = new double[ROUNDS];
    try (DurableLog log = DurableLog.openOrCreate(folder.resolve("log"), CAPACITY);
        FileChannel channel =
            FileChannel.open(
                folder.resolve("bare"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileChannel peer =
            FileChannel.open(
                folder.resolve("mashona"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, CAPACITY);
      MappedByteBuffer other = peer.map(FileChannel.MapMode.READ_WRITE, 0, CAPACITY);
      AppendOnlyLog theirs = new AppendOnlyLogImpl(other, 0, CAPACITY, false, true);
      for (int round = 0; round < ROUNDS; round++) {
        long begin = System.nanoTime();
        for (int i = 0; i < appends; i++) {
          log.append(record);
        }
        append[round] = (double) (System.nanoTime() - begin) / appends;
        log.truncatePrefix(log.durableEnd());
        begin = System.nanoTime();
        for (int i = 0; i < appends; i++) {
          int at = i * 80 % (CAPACITY - 128);
          mapped.put(at, record);
          mapped.force(at, 64);
        }
        bare[round] = (double) (System.nanoTime() - begin) / appends;
        theirs.clear();
        begin = System.nanoTime();
        for (int i = 0; i < appends; i++) {
          theirs.put(record);
        }
        mashona[round] = (double) (System.nanoTime() - begin) / appends;
        begin = System.nanoTime();
        for (int i = 0; i < appends; i++) {
          log.add(record);
          if (i % 64 == 63) {
            log.sync();
          }
        }
        log.sync();
        group[round] = (double) (System.nanoTime() - begin) / appends;
        log.truncatePrefix(log.durableEnd());
      }
    } finally {
      for (String name : new String[] {"log", "bare", "mashona"}) {
        Files.deleteIfExists(folder.resolve(name));
      }
      Files.delete(folder);
    }
    System.out.printf(
        "append %.1f ns, bare put and force %.1f ns, ratio %.3f; mashona %.1f ns; groups of 64:"
            + " %.1f ns a record%n",
        tenth(append), tenth(bare), tenth(append) / tenth(bare), tenth(mashona), tenth(group));
  }

  private static double tenth(double[] rounds) {
    double[] late = Arrays.copyOfRange(rounds, ROUNDS / 3, ROUNDS);
    Arrays.sort(late);
    return late[late.length / 10];
  }
}
