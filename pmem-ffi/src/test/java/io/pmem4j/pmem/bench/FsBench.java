// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.pmem4j.pmem.bench.Trial.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * {@code ./pmem4j bench fs}: operations on mounted file systems, in paired, interleaved batches.
 * Arguments: rounds, the chart's file, {@code text} or {@code json}, and {@code NAME=DIRECTORY} for
 * each mount, ours first, fuse2fs second. Exit: 0 if all bars hold, 1 if one does not.
 */
final class FsBench {
  private static final double FASTER = 2;
  private static final long WARM_UP_NANOS = 6_000_000_000L;

  private final Map<String, FsWork> mounts = new LinkedHashMap<>();
  private final Map<String, Map<String, Double>> table = new LinkedHashMap<>();
  private final List<Bar> bars = new ArrayList<>();
  private final int rounds;

  private FsBench(int rounds) {
    this.rounds = rounds;
  }

  public static void main(String[] arguments) throws Exception {
    long begin = System.nanoTime();
    FsBench bench = new FsBench(Integer.parseInt(arguments[0]));
    for (int i = 3; i < arguments.length; i++) {
      String[] mount = arguments[i].split("=", 2);
      bench.mounts.put(mount[0], new FsWork(Path.of(mount[1])));
    }
    bench.measure();
    Path chart = Path.of(arguments[1]);
    Files.writeString(chart, Chart.svg(bench.table));
    System.out.println("chart: " + chart.toAbsolutePath());
    boolean holds = bench.bars.stream().allMatch(Bar::holds);
    if (arguments[2].equals("json")) {
      System.out.printf(
          Locale.ROOT,
          "{\"verb\":\"bench fs\",\"verdict\":\"%s\",\"seconds\":%.1f,"
              + "\"counts\":{\"bars\":%d,\"trials\":%d},\"bars\":[%s]}%n",
          holds ? "PASS" : "FAIL",
          (System.nanoTime() - begin) / 1e9,
          bench.bars.size(),
          bench.table.size(),
          bench.bars.stream().map(Bar::json).collect(Collectors.joining(",")));
    }
    System.exit(holds ? 0 : 1);
  }

  private interface Maker {
    Contender of(FsWork work) throws Exception;
  }

  private void measure() throws Exception {
    System.out.println("microseconds an operation: 10th, 50th and 99th percentiles of the rounds");
    trial("stat", FsWork::stat, true);
    trial("create and remove", FsWork::createAndRemove, true);
    trial("read 4 KiB, O_DIRECT", FsWork::read, true);
    trial("write 4 KiB, O_DIRECT", work -> work.write(true), true);
    trial("write 4 KiB", work -> work.write(false), false);
    System.out.println();
    System.out.println("bars: figure of the tenth percentiles, [95 % interval], limit");
    bars.forEach(bar -> System.out.println(bar.line()));
  }

  private void trial(String title, Maker maker, boolean bar) throws Exception {
    Map<String, Contender> contenders = new LinkedHashMap<>();
    for (Map.Entry<String, FsWork> mount : mounts.entrySet()) {
      contenders.put(mount.getKey(), maker.of(mount.getValue()));
    }
    Shape shape = new Shape(1, false, 1);
    Map<String, double[]> samples = new Trial(shape, rounds, contenders, WARM_UP_NANOS).measure();
    System.out.println();
    System.out.println(title);
    samples.forEach((name, nanos) -> {
      table.computeIfAbsent(title, _ -> new LinkedHashMap<>()).put(name, Interval.p10(nanos));
      System.out.printf(
          Locale.ROOT,
          "  %-40s %10.2f %10.2f %10.2f%n",
          name,
          Interval.p10(nanos) / 1000,
          Interval.percentile(nanos, 50) / 1000,
          Interval.percentile(nanos, 99) / 1000);
    });
    if (bar) {
      List<String> names = List.copyOf(samples.keySet());
      Interval faster =
          Interval.of(samples.get(names.get(0)), samples.get(names.get(1)), (a, b) -> b / a);
      String what = title + ": " + names.get(0) + " faster than " + names.get(1);
      bars.add(new Bar(what, faster, "", FASTER, false));
    }
  }
}
