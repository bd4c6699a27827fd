// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./pmem4j bench pmem}: measures in four JVMs (one writes nothing back, two are of ordinary
 * files), and prints the table, the chart's place and the bars. Exit: 0 if all bars hold, 1 if one
 * does not, 2 usage, 3 if it cannot be measured here.
 */
public final class Bench {
  private static final int LIMIT_MINUTES = 15;

  private final Map<String, Map<String, Double>> table = new LinkedHashMap<>();

  /** The 50th and 99th percentiles of the table's rows. */
  private final Map<String, double[]> tails = new HashMap<>();

  private final List<String> bars = new ArrayList<>();
  private final List<String> barObjects = new ArrayList<>();
  private boolean allHold = true;

  private Bench() {}

  /** Arguments: {@code [--json] [--rounds N] [--folder PATH] [--disk PATH] [--chart FILE]}. */
  public static void main(String[] arguments) throws Exception {
    Map<String, String> options =
        new TreeMap<>(Map.of("--rounds", "200", "--folder", "/dev/shm", "--disk", "/var/tmp"));
    boolean json = false;
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--json")) {
        json = true;
      } else if (List.of("--rounds", "--folder", "--disk", "--chart").contains(arguments[i])
          && i + 1 < arguments.length) {
        options.put(arguments[i], arguments[++i]);
      } else {
        System.err.println("pmem4j: bench: unknown argument '" + arguments[i] + "'");
        System.exit(2);
      }
    }
    if (!options.get("--rounds").matches("[1-9][0-9]{1,3}")) {
      System.err.println("pmem4j: bench: --rounds must be 10 to 9999");
      System.exit(2);
    }
    System.exit(new Bench().run(options, json));
  }

  private int run(Map<String, String> options, boolean json) throws Exception {
    long begin = System.nanoTime();
    Path folder = Files.createTempDirectory(Path.of(options.get("--folder")), "pmem4j-bench");
    Path disk = Files.createTempDirectory(Path.of(options.get("--disk")), "pmem4j-bench");
    try {
      for (String mode : List.of("flush", "no-flush", "tmpfs", "disk")) {
        Path where = mode.equals("disk") ? disk : folder;
        if (!measure(where, mode, options.get("--rounds"))) {
          System.err.println("pmem4j: bench: the measurement ended early");
          return 3;
        }
      }
    } finally {
      for (Path each : List.of(folder, disk)) {
        Files.deleteIfExists(each.resolve("bench"));
        Files.delete(each);
      }
    }
    print();
    if (options.containsKey("--chart")) {
      Path chart = Path.of(options.get("--chart"));
      Files.writeString(chart, Chart.svg(table));
      System.out.println("chart: " + chart.toAbsolutePath());
    }
    if (json) {
      System.out.printf(
          Locale.ROOT,
          "{\"verb\":\"bench pmem\",\"verdict\":\"%s\",\"seconds\":%.1f,"
              + "\"counts\":{\"bars\":%d,\"trials\":%d},\"bars\":[%s]}%n",
          allHold ? "PASS" : "FAIL",
          (System.nanoTime() - begin) / 1e9,
          bars.size(),
          table.size(),
          String.join(",", barObjects));
    }
    return allHold ? 0 : 1;
  }

  private boolean measure(Path folder, String mode, String rounds) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-Xmx512m",
            "-XX:-BackgroundCompilation",
            "-Dbench.library=" + System.getProperty("bench.library"),
            "-cp",
            System.getProperty("java.class.path"),
            Measurement.class.getName(),
            folder.toString(),
            mode,
            rounds);
    builder.environment().keySet().removeIf(name -> name.startsWith("PMEM_"));
    if (mode.equals("flush") || mode.equals("no-flush")) {
      builder.environment().put("PMEM_IS_PMEM_FORCE", "1");
    }
    if (mode.equals("no-flush")) {
      builder.environment().put("PMEM_NO_FLUSH", "1");
    }
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    Thread watch =
        Thread.ofVirtual()
            .start(() -> {
              try {
                if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
                  process.destroyForcibly();
                }
              } catch (InterruptedException ended) {
                process.destroyForcibly();
              }
            });
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        read(line);
      }
    }
    watch.join();
    return process.exitValue() == 0;
  }

  private void read(String line) throws IOException {
    String[] fields = line.split("\t");
    if (fields[0].equals("row")) {
      if (!table.containsKey(fields[1]) && System.console() != null) {
        System.err.println("measured: " + fields[1]);
      }
      table
          .computeIfAbsent(fields[1], _ -> new LinkedHashMap<>())
          .put(fields[2], Double.parseDouble(fields[3]));
      tails.put(
          fields[1] + "\t" + fields[2],
          new double[] {Double.parseDouble(fields[4]), Double.parseDouble(fields[5])});
    } else if (fields[0].equals("bar")) {
      allHold &= Boolean.parseBoolean(fields[1]);
      bars.add(fields[2]);
      barObjects.add(fields[3]);
    } else {
      System.out.println(line);
    }
  }

  private void print() {
    System.out.println(
        "nanoseconds a call: 10th, 50th and 99th percentiles of the rounds; a file on tmpfs,\n"
            + "PMEM_IS_PMEM_FORCE=1, but for the trials of ordinary files (tmpfs:, disk:);\n"
            + "'as if MAP_SYNC': a buffer that was told so, to have the JDK write cache lines back");
    table.forEach((title, row) -> {
      System.out.println();
      System.out.println(title);
      row.forEach((name, nanos) -> {
        double[] tail = tails.get(title + "\t" + name);
        System.out.printf(
            Locale.ROOT, "  %-40s %12.1f %12.1f %12.1f%n", name, nanos, tail[0], tail[1]);
      });
    });
    System.out.println();
    System.out.println("bars: figure of the tenth percentiles, [95 % interval], limit");
    bars.forEach(System.out::println);
    System.out.println(
        "where the JDK writes cache lines back itself it ties with libpmem on clean and dirty lines;"
            + "\nwhat is gained is in the trials without flush and in copies around the caches");
  }
}
