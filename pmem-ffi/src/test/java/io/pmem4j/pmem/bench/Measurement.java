// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.pmem4j.pmem.bench.Trial.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * All trials of one environment, in this JVM. Printed as lines that {@link Bench} reads: {@code
 * row} with three percentiles of a contender, {@code bar} with a claim. Arguments: folder, {@code
 * flush}, {@code no-flush}, {@code tmpfs} or {@code disk} (the last two are ordinary files),
 * rounds.
 */
final class Measurement {
  private static final double DOWNCALL_NANOS = 2.5;

  private final BenchFile place;
  private final int rounds;
  private final String mode;
  private final boolean flushes;
  private final Map<String, Contender> persisters;
  private final Map<String, Contender> copiers;
  private final Map<String, Contender> accessors;
  private final List<Bar> bars = new ArrayList<>();

  private Measurement(BenchFile place, String mode, int rounds) throws Exception {
    this.place = place;
    this.rounds = rounds;
    this.mode = mode;
    this.flushes = mode.equals("flush");
    boolean forced = flushes || mode.equals("no-flush");
    this.persisters = forced ? Persisters.all(place) : Persisters.ofOrdinaryFiles(place);
    this.accessors = flushes ? Accessors.all(place) : Map.of();
    this.copiers = flushes ? Copiers.all(place) : Map.of();
  }

  public static void main(String[] arguments) throws Exception {
    System.load(Path.of(System.getProperty("bench.library")).toAbsolutePath().toString());
    BenchFile place = new BenchFile(Path.of(arguments[0]));
    Measurement measurement = new Measurement(place, arguments[1], Integer.parseInt(arguments[2]));
    switch (arguments[1]) {
      case "flush" -> measurement.withFlushes();
      case "no-flush" -> measurement.withoutFlushes();
      default -> measurement.ofOrdinaryFiles();
    }
    for (Bar bar : measurement.bars) {
      System.out.println("bar\t" + bar.holds() + "\t" + bar.line() + "\t" + bar.json());
    }
  }

  private void withFlushes() throws Exception {
    for (Shape shape :
        List.of(
            new Shape(8, false, 1),
            new Shape(8, true, 1),
            new Shape(64, false, 1),
            new Shape(64, true, 1),
            new Shape(4096, false, 1),
            new Shape(4096, true, 1),
            new Shape(64 << 10, false, 1),
            new Shape(64 << 10, true, 1),
            new Shape(1 << 20, false, 1),
            new Shape(1 << 20, true, 1),
            new Shape(64, true, 2),
            new Shape(4096, true, 2))) {
      Map<String, double[]> samples = trial("persist " + shape, shape, persisters);
      if (shape.length() == 64 || shape.length() == 4096) {
        guard(samples, shape);
      }
      if (shape.threads() == 1 && (shape.length() == 64 || shape.length() == 4096)) {
        rawOverC(samples, shape);
      }
    }
    trial("access 8 B", new Shape(8, false, 1), accessors);
    for (int length : new int[] {4 << 10, 64 << 10, 1 << 20}) {
      Shape shape = new Shape(length, true, 1);
      Map<String, double[]> samples = trial("copy " + shape, shape, copiers);
      if (length >= 64 << 10) {
        ratio("NT copy over C, " + shape, samples, Copiers.NATIVE, Copiers.C, 1.1, true);
        ratio("NT copy from byte[] over C, " + shape, samples, Copiers.ARRAY, Copiers.C, 1.1, true);
      }
    }
  }

  /** At page granularity: msync, and the checks that make it durable or throwing. */
  private void ofOrdinaryFiles() throws Exception {
    for (Shape shape : List.of(new Shape(64, true, 1), new Shape(4096, true, 1))) {
      Map<String, double[]> samples = trial("persist " + shape, shape, persisters);
      String what = "region over bare force, " + mode + ", " + shape;
      ratio(what, samples, Persisters.JDK_REGION, Persisters.JDK, 1.05, true);
    }
    if (mode.equals("tmpfs")) {
      durableStructures();
    }
  }

  private void durableStructures() throws Exception {
    Shape alone = new Shape(64, true, 1);
    Map<String, double[]> appends = trial("append 64 B", alone, Durables.logs(place));
    String append = "DurableLog append over bare store and force, 64 B";
    ratio(append, appends, Durables.APPEND, Durables.STORE, 1.1, true);
    Map<String, Contender> contenders = Durables.slots(place);
    Shape together = new Shape(64, true, 2);
    Map<String, double[]> one = trial("slot of " + alone, alone, contenders);
    Map<String, double[]> two = trial("slot of " + together, together, contenders);
    // Two threads of one process share the kernel's lock of mappings: the peer shows its part.
    for (String name : List.of(Durables.SLOTS, Durables.STORES)) {
      Interval more = Interval.of(one.get(name), two.get(name), (a, b) -> 2 * a / b);
      bars.add(new Bar("two threads over one, " + name, more, "", 1.8, false));
    }
  }

  /** With PMEM_NO_FLUSH=1, which stands for caches that are durable: what remains is the call. */
  private void withoutFlushes() throws Exception {
    for (Shape shape :
        List.of(
            new Shape(8, true, 1),
            new Shape(64, false, 1),
            new Shape(64, true, 1),
            new Shape(4096, true, 1),
            new Shape(64, true, 2))) {
      Map<String, double[]> samples = trial("persist " + shape, shape, persisters);
      guard(samples, shape);
      if (shape.dirty() && shape.threads() == 1 && shape.length() >= 64) {
        String what = "JDK force over guarded region, no flush, " + shape;
        ratio(what, samples, Persisters.JDK_SYNC, Persisters.GUARDED, 4, false);
      }
    }
  }

  private void guard(Map<String, double[]> samples, Shape shape) {
    Interval added =
        Interval.of(
            samples.get(Persisters.GUARDED),
            samples.get(Persisters.RAW),
            (mine, raw) -> mine - raw);
    String what = "guard over raw handle" + (flushes ? "" : ", no flush") + ", " + shape;
    bars.add(new Bar(what, added, "ns", 15, true));
  }

  /**
   * The raw handle may cost 3 % more than C, or the time of one downcall where that is more. The
   * stub of a critical downcall takes a fixed time, which is above 3 % where C persists in less
   * than 80 ns.
   */
  private void rawOverC(Map<String, double[]> samples, Shape shape) {
    double nanosInC = Interval.p10(samples.get(Persisters.C));
    double limit = 1 + Math.max(0.03, DOWNCALL_NANOS / nanosInC);
    String what = "raw handle over C, " + shape;
    ratio(what, samples, Persisters.RAW, Persisters.C, Math.round(limit * 1000) / 1000.0, true);
  }

  private void ratio(
      String what,
      Map<String, double[]> samples,
      String upper,
      String lower,
      double limit,
      boolean atMost) {
    Interval ratio = Interval.of(samples.get(upper), samples.get(lower), (a, b) -> a / b);
    bars.add(new Bar(what, ratio, "", limit, atMost));
  }

  private Map<String, double[]> trial(String title, Shape shape, Map<String, Contender> contenders)
      throws Exception {
    Map<String, double[]> samples = new Trial(shape, rounds, contenders).measure();
    String mode =
        switch (this.mode) {
          case "flush" -> "";
          case "no-flush" -> "no flush: ";
          default -> this.mode + ": ";
        };
    samples.forEach((name, nanos) ->
        System.out.println(
            "row\t"
                + mode
                + title
                + "\t"
                + name
                + "\t"
                + Interval.p10(nanos)
                + "\t"
                + Interval.percentile(nanos, 50)
                + "\t"
                + Interval.percentile(nanos, 99)));
    return samples;
  }
}
