// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.explore.Exploration;
import io.pmem4j.harness.crash.CrashCatalog;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.CrashPair;
import io.pmem4j.harness.crash.CrashPairSweep;
import io.pmem4j.harness.crash.CrashSweep;
import io.pmem4j.harness.crash.CrashWorkload;
import io.pmem4j.harness.crash.PairCatalog;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.report.JsonLine;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code crash}: every state in which a crash may leave the model's image. */
@Command(
    name = "crash",
    subcommands = {DeviceCommand.class, CrashCampaignCommand.class},
    description =
        "Records operations of the model on a small image, and judges every state in which a crash"
            + " may leave it: by a checker, by mounting it, and for a sample by e2fsck.")
final class CrashCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(
      paramLabel = "WORKLOAD",
      description = "names of workloads, files or folders of programs, or list")
  private List<String> names = new ArrayList<>();

  @Option(names = "--all", description = "every workload, in each order and mode")
  private boolean all;

  @Option(
      names = "--order",
      paramLabel = "ORDER",
      description = "ordered or linux (default: both, for programs linux)")
  private @Nullable String order;

  @Option(
      names = "--on",
      paramLabel = "BACKEND",
      description =
          "where programs run, model or guest:KERNEL (default: model); the stores are recorded, and"
              + " the model or a second guest mounts the states that a power cut may leave")
  private @Nullable String on;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = "x86, java or auto-flush (default: all three)")
  private @Nullable String mode;

  @Option(
      names = "--at-most",
      paramLabel = "N",
      description = "states at one point of a crash, a sample beyond (default: ${DEFAULT-VALUE})")
  private long atMost = 400;

  @Option(
      names = "--cuts",
      paramLabel = "N",
      description =
          "points of a power cut of one program, a sample of each long operation beyond"
              + " (default: ${DEFAULT-VALUE})")
  private int cuts = CrashLimits.CUTS;

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "distinct images of a workload that e2fsck judges (default: ${DEFAULT-VALUE})")
  private int images = 32;

  @Option(
      names = "--inside-mount",
      description = "try a crash at each point of the mount after a crash too")
  private boolean insideMount;

  @Mixin private VariantOptions variant = new VariantOptions();

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills spec in
  CrashCommand() {}

  /** The preemptions of an interleaving of two tasks. */
  private static final int PREEMPTIONS = 1;

  /** Of the states at one point, the part that is tried in each of a hundred interleavings. */
  private static final int PART_OF_STATES = 20;

  /** The sums over all workloads. */
  private static final class Sum {
    private long workloads;
    private long interleavings;
    private long statesOfPairs;
    private long states;
    private BigInteger theoretical = BigInteger.ZERO;
    private long findings;
    private long judged;
    private long inside;
    private double modelSeconds;
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (names.equals(List.of("list"))) {
      CrashCatalog.all().forEach(out::println);
      PairCatalog.all().forEach(out::println);
      return ExitStatus.HOLDS;
    }
    if (on != null || names.stream().anyMatch(CrashCommand::isFile)) {
      return ofPrograms(on == null ? ProgramCrash.MODEL : on, out);
    }
    if (variant.areGiven()) {
      throw usage("--mount and --block-size are for programs; workloads have their own image");
    }
    List<CrashWorkload> workloads = new ArrayList<>();
    List<CrashPair> pairs = new ArrayList<>();
    choose(workloads, pairs);
    if (atMost < 2 || images < 0) {
      throw usage("--at-most is 2 or more, --images 0 or more");
    }
    long start = System.nanoTime();
    Sum sum = new Sum();
    for (CrashOrder each : orders()) {
      for (CrashMode rules : modes()) {
        try (CrashSweep sweep = new CrashSweep(each, rules, atMost, images)) {
          if (insideMount) {
            sweep.insideMount();
          }
          for (CrashWorkload workload : workloads) {
            add(sum, each, rules, workload, sweep.run(workload), out);
          }
        }
        long states = Math.max(2, atMost / PART_OF_STATES);
        try (CrashPairSweep sweep = new CrashPairSweep(each, rules, states, images, PREEMPTIONS)) {
          for (CrashPair pair : pairs) {
            add(sum, each, rules, pair, sweep.run(pair), out);
          }
        }
      }
    }
    return end(sum, (System.nanoTime() - start) / 1e9, out);
  }

  private static void add(
      Sum sum,
      CrashOrder order,
      CrashMode mode,
      CrashWorkload workload,
      CrashSweep.Outcome outcome,
      PrintWriter out) {
    long states = outcome.report().tried();
    sum.inside += outcome.report().inside();
    BigInteger theoretical = outcome.report().leftOut().add(BigInteger.valueOf(states));
    sum.workloads++;
    sum.states += states;
    sum.theoretical = sum.theoretical.add(theoretical);
    sum.findings += outcome.report().findings().size();
    sum.judged += outcome.images();
    sum.modelSeconds += (outcome.report().nanos() - outcome.nanosOfE2fsck()) / 1e9;
    out.printf(
        "%-8s %-10s %-31s %,7d of %.2e states, %2d by e2fsck, %,6.0f states/s: %s%n",
        order.name().toLowerCase(Locale.ROOT),
        label(mode),
        workload.name(),
        states,
        new BigDecimal(theoretical),
        outcome.images(),
        outcome.statesPerSecond(),
        outcome.report().passed() ? "holds" : outcome.report().broken() + " broken");
    outcome.report().findings().forEach(each -> out.println("  finding: " + each.message()));
    out.flush();
  }

  private static void add(
      Sum sum,
      CrashOrder order,
      CrashMode mode,
      CrashPair pair,
      CrashPairSweep.Outcome outcome,
      PrintWriter out) {
    Exploration exploration = outcome.exploration();
    sum.workloads++;
    sum.interleavings += exploration.schedules();
    sum.statesOfPairs += outcome.states();
    sum.findings += exploration.findings().size();
    sum.judged += outcome.images();
    sum.modelSeconds += (outcome.nanos() - outcome.nanosOfE2fsck()) / 1e9;
    out.printf(
        "%-8s %-10s %-31s %,7d states, %2d by e2fsck, %,6.0f states/s,"
            + " %,d interleavings: %s%n",
        order.name().toLowerCase(Locale.ROOT),
        label(mode),
        pair.name(),
        outcome.states(),
        outcome.images(),
        outcome.statesPerSecond(),
        exploration.schedules(),
        exploration.findings().isEmpty() ? "holds" : "broken");
    exploration.findings().forEach(each -> out.println("  finding: " + each.message()));
    out.flush();
  }

  private int end(Sum sum, double seconds, PrintWriter out) {
    String verdict = sum.findings == 0 ? "PASS" : "FAIL";
    double rate = (sum.states + sum.statesOfPairs) / Math.max(1e-9, sum.modelSeconds);
    out.printf(
        "crash: %s: %d workloads, %,d of %.2e states, %s%s%d findings, %d images judged by e2fsck,"
            + " %,.0f states/s, %.1f s%n",
        verdict,
        sum.workloads,
        sum.states,
        new BigDecimal(sum.theoretical),
        sum.interleavings == 0
            ? ""
            : "%,d states of %,d interleavings, ".formatted(sum.statesOfPairs, sum.interleavings),
        insideMount ? "%,d inside a mount, ".formatted(sum.inside) : "",
        sum.findings,
        sum.judged,
        rate,
        seconds);
    if (json) {
      Map<String, Object> counts = new LinkedHashMap<>();
      counts.put("workloads", sum.workloads);
      counts.put("states", sum.states);
      counts.put("theoretical", sum.theoretical.toString());
      counts.put("insideMount", sum.inside);
      counts.put("interleavings", sum.interleavings);
      counts.put("statesOfPairs", sum.statesOfPairs);
      counts.put("findings", sum.findings);
      counts.put("images", sum.judged);
      counts.put("statesPerSecond", Math.round(rate));
      out.println(new JsonLine("crash", verdict, seconds, counts));
    }
    out.flush();
    return sum.findings == 0 ? ExitStatus.HOLDS : ExitStatus.FINDING;
  }

  /** Returns true for a file or folder of programs; no workload has such a name. */
  private static boolean isFile(String name) {
    return name.endsWith(".p4j") || name.contains("/");
  }

  private int ofPrograms(String name, PrintWriter out) throws Exception {
    if (all || insideMount || names.isEmpty()) {
      throw usage("programs take neither --all nor --inside-mount, and --on takes programs");
    }
    if (atMost < 2 || cuts < 1) {
      throw usage("--at-most is 2 or more, --cuts 1 or more");
    }
    CrashOrder rules = order == null ? CrashOrder.LINUX : orders().getFirst();
    CrashMode states = mode == null ? CrashMode.X86 : modes().getFirst();
    return new ProgramCrash(name, rules, states, new CrashLimits(atMost, cuts), variant, json)
        .run(names, out);
  }

  private void choose(List<CrashWorkload> workloads, List<CrashPair> pairs) {
    if (all == !names.isEmpty()) {
      throw usage("give --all or names of workloads; ./pmem4j crash list prints them");
    }
    if (all) {
      workloads.addAll(CrashCatalog.all());
      pairs.addAll(PairCatalog.all());
    }
    for (String name : names) {
      CrashCatalog.find(name).ifPresent(workloads::add);
      PairCatalog.find(name).ifPresent(pairs::add);
      if (CrashCatalog.find(name).isEmpty() && PairCatalog.find(name).isEmpty()) {
        throw usage("unknown workload '" + name + "'; ./pmem4j crash list names them");
      }
    }
  }

  private List<CrashOrder> orders() {
    return order == null ? List.of(CrashOrder.values()) : List.of(of(CrashOrder.class, order));
  }

  private List<CrashMode> modes() {
    if (mode == null) {
      return List.of(CrashMode.X86, CrashMode.JAVA, CrashMode.AUTO_FLUSH);
    }
    CrashMode known = of(CrashMode.class, mode);
    if (known == CrashMode.PAGE) {
      throw usage("--mode page: the model is mounted on persistent memory, not on a file");
    }
    return List.of(known);
  }

  private <E extends Enum<E>> E of(Class<E> type, String text) {
    try {
      return Enum.valueOf(type, text.toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw usage("unknown value '" + text + "'; see ./pmem4j crash --help");
    }
  }

  private static String label(CrashMode mode) {
    return mode.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private CommandLine.ParameterException usage(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
