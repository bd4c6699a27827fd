// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.mashona.logwriting.AppendOnlyLog;
import io.mashona.logwriting.AppendOnlyLogImpl;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/**
 * An append of 64 bytes beside a store of 64 bytes and {@code force} of a mapped buffer, the same
 * with the least that a record needs (a header with a checksum, and a test for room), a region, and
 * mashona's log, in turns of random order. Arguments: a folder, and the number of appends a round.
 * Prints nanoseconds: the tenth percentile of rounds, which other load disturbs least.
 */
final class LogBench {
  private static final int ROUNDS = 200;
  private static final int CAPACITY = 16 << 20;
  private static final int RECORD = 64;

  private LogBench() {}

  private interface Turn {
    void run(int times) throws IOException;
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory(Path.of(arguments[0]), "bench");
    int appends = Integer.parseInt(arguments[1]);
    Map<String, Turn> turns = new LinkedHashMap<>();
    try (Arena arena = Arena.ofShared();
        DurableLog log = DurableLog.openOrCreate(folder.resolve("log"), CAPACITY)) {
      byte[] record = new byte[RECORD];
      turns.put("bare put and force", bare(map(folder.resolve("bare")), CAPACITY - 128));
      turns.put("bare, lines in a cache", bare(map(folder.resolve("cached")), 8192));
      turns.put("bare record and force", bareRecord(map(folder.resolve("record"))));
      turns.put("region, put and persist", region(folder.resolve("region"), arena));
      turns.put(
          "DurableLog.append",
          times -> {
            for (int i = 0; i < times; i++) {
              log.append(record);
            }
            log.truncatePrefix(log.durableEnd());
          });
      AppendOnlyLog theirs =
          new AppendOnlyLogImpl(map(folder.resolve("mashona")), 0, CAPACITY, false, true);
      turns.put(
          "mashona",
          times -> {
            theirs.clear();
            for (int i = 0; i < times; i++) {
              theirs.put(record);
            }
          });
      turns.put(
          "DurableLog, groups of 64",
          times -> {
            for (int i = 0; i < times; i++) {
              log.add(record);
              if (i % 64 == 63) {
                log.sync();
              }
            }
            log.truncatePrefix(log.durableEnd());
          });
      print(measure(turns, appends));
    } finally {
      for (String name : List.of("log", "bare", "cached", "record", "region", "mashona")) {
        Files.deleteIfExists(folder.resolve(name));
      }
      Files.delete(folder);
    }
  }

  private static Map<String, double[]> measure(Map<String, Turn> turns, int appends)
      throws IOException {
    Map<String, double[]> times = new LinkedHashMap<>();
    turns.keySet().forEach(name -> times.put(name, new double[ROUNDS]));
    List<String> order = new ArrayList<>(turns.keySet());
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = order.size() - 1; i > 0; i--) {
        order.set(i, order.set(random.nextInt(i + 1), order.get(i)));
      }
      for (String name : order) {
        long begin = System.nanoTime();
        turns.get(name).run(appends);
        times.get(name)[round] = (double) (System.nanoTime() - begin) / appends;
      }
    }
    return times;
  }

  private static void print(Map<String, double[]> times) {
    double bare = tenth(times.get("bare put and force"));
    times.forEach((name, rounds) ->
        System.out.printf(
            "%-26s %9.1f ns a record, %.3f of the bare force%n",
            name, tenth(rounds), tenth(rounds) / bare));
  }

  private static MappedByteBuffer map(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, CAPACITY);
    }
  }

  /** Walks on from round to round, as a log does, through so many bytes. */
  private static Turn bare(MappedByteBuffer mapped, int window) {
    mapped.load();
    byte[] record = new byte[RECORD];
    int[] place = {0};
    return times -> {
      int at = place[0];
      for (int i = 0; i < times; i++) {
        at = at + 80 < window ? at + 80 : 0;
        mapped.put(at, record);
        mapped.force(at, RECORD);
      }
      place[0] = at;
    };
  }

  /** The least that a log does: no lock, no other thread, no failure that is final. */
  private static Turn bareRecord(MappedByteBuffer mapped) {
    byte[] record = new byte[RECORD];
    byte[] buffer = new byte[16 + 16 + RECORD];
    ByteBuffer fields = ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN);
    CRC32C sum = new CRC32C();
    mapped.load();
    int[] place = {0};
    return times -> {
      int end = place[0];
      for (int i = 0; i < times; i++) {
        int at = end;
        if (at + 16 + record.length > CAPACITY) {
          at = 0;
        }
        System.arraycopy(record, 0, buffer, 32, record.length);
        fields.putLong(8, at).putInt(16, 0).putInt(20, record.length).putInt(24, 1).putInt(28, 0);
        sum.reset();
        sum.update(buffer, 0, buffer.length);
        fields.putInt(16, (int) sum.getValue());
        mapped.put(at, buffer, 16, 16 + record.length);
        mapped.force(at, 16 + record.length);
        end = at + 16 + record.length;
      }
      place[0] = end;
    };
  }

  private static Turn region(Path path, Arena arena) throws IOException {
    PmemRegion region = Pmem.map(path, MapSpec.openOrCreate(CAPACITY), arena);
    byte[] record = new byte[RECORD];
    region.read(0, new byte[CAPACITY]);
    long[] place = {0};
    return times -> {
      long at = place[0];
      for (int i = 0; i < times; i++) {
        at = at + 80 < CAPACITY - 128 ? at + 80 : 0;
        region.copy(at, record, 0, RECORD);
        region.persist(at, RECORD);
      }
      place[0] = at;
    };
  }

  private static double tenth(double[] rounds) {
    double[] late = Arrays.copyOfRange(rounds, ROUNDS / 3, ROUNDS);
    Arrays.sort(late);
    return late[late.length / 10];
  }
}
