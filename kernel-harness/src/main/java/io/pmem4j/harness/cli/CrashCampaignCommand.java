// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramMount;
import io.pmem4j.harness.report.CampaignEnd;
import io.pmem4j.harness.report.CampaignSettings;
import io.pmem4j.harness.report.JsonLine;
import io.pmem4j.harness.report.ProgramLine;
import java.io.Closeable;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code crash campaign}: the crash states of generated programs, for as long as there is time. */
@Command(
    name = "campaign",
    description =
        "Generates programs, and judges the states in which a power cut may leave each of them."
            + " Killed runs go on, and shards become one report, as those of conform do.")
final class CrashCampaignCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--on",
      paramLabel = "BACKEND",
      description = "model, or guest:KERNEL (default: ${DEFAULT-VALUE})")
  private String on = "model";

  @Option(
      names = "--generated",
      paramLabel = "COUNT",
      description = "how many seeds are tried without --time (default: ${DEFAULT-VALUE})")
  private int generated = 20;

  @Option(
      names = "--operations",
      paramLabel = "N",
      description = "operations of a generated program (default: ${DEFAULT-VALUE})")
  private int operations = 20;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "seed of the first generated program (default: ${DEFAULT-VALUE})")
  private long seed = 2015;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = "x86, java or auto-flush (default: ${DEFAULT-VALUE})")
  private String mode = "x86";

  @Option(
      names = "--at-most",
      paramLabel = "N",
      description = "states at one point of a crash, a sample beyond (default: ${DEFAULT-VALUE})")
  private long atMost = 16;

  @Mixin private PartOptions part = new PartOptions();

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  private final Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
  private long states;

  @SuppressWarnings("NullAway.Init") // picocli fills spec in
  CrashCampaignCommand() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (!on.equals("model") && !on.startsWith("guest:")) {
      throw new ParameterException(
          spec.commandLine(), "--on " + on + ", expected model or guest:KERNEL");
    }
    Backends.requireKnown(List.of(on));
    if (operations < 1 || operations > 1000 || atMost < 2 || generated < 0) {
      throw new ParameterException(
          spec.commandLine(),
          "--operations is 1 to 1000, --at-most 2 or more, --generated 0 or more");
    }
    CrashMode rules = mode();
    long start = System.nanoTime();
    Optional<Duration> time = part.time();
    CampaignSettings settings =
        new CampaignSettings(
            "crash",
            on,
            mode + ", " + atMost + " at a point",
            "none",
            operations,
            seed,
            part.shard(),
            Environment.of(on.replace("guest:", "")));
    try (Closeable _ = part.open(settings);
        SweptPrograms sweep = SweptPrograms.on(on, rules, atMost)) {
      Iterator<Program> programs =
          part.programs(
              List.of(),
              time.isPresent() ? -1 : generated,
              start + time.orElse(Duration.ZERO).toNanos(),
              seed,
              operations,
              program -> sweep.refusal(program).isEmpty(),
              ProgramMount.DEFAULT);
      while (programs.hasNext()) {
        ProgramLine line = sweep.run(programs.next());
        part.record(line);
        add(line, out);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      part.end(new CampaignEnd(Set.of(), List.of(), sweep.forgiven(), seconds));
      return end(sweep, seconds, out);
    }
  }

  private CrashMode mode() {
    for (CrashMode each : List.of(CrashMode.X86, CrashMode.JAVA, CrashMode.AUTO_FLUSH)) {
      if (each.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(mode)) {
        return each;
      }
    }
    throw new ParameterException(
        spec.commandLine(), "--mode " + mode + ", expected x86, java or auto-flush");
  }

  private void add(ProgramLine line, PrintWriter out) {
    verdicts.merge(line.verdict(), 1, Integer::sum);
    int tried = SweptPrograms.states(line);
    states += tried;
    out.printf(
        "%-8s %-20s %3d operations %,7d states %,7d ms%n",
        SweptPrograms.word(line.verdict()),
        line.program(),
        line.operations(),
        tried,
        line.millis());
    line.findings().forEach(each -> out.println("  finding: " + each));
    if (line.verdict() == Verdict.DIVERGED) {
      line.text().lines().forEach(each -> out.println("    | " + each));
    }
    out.flush();
  }

  private int count(Verdict verdict) {
    return verdicts.getOrDefault(verdict, 0);
  }

  private int end(SweptPrograms sweep, double seconds, PrintWriter out) {
    int shown = count(Verdict.AGREED) + count(Verdict.PARTIAL);
    String verdict =
        count(Verdict.DIVERGED) > 0
            ? "FAIL"
            : count(Verdict.NOT_RUN) > 0 || shown + part.resumed() == 0 ? "ERROR" : "PASS";
    out.printf(
        "left out: %d generated programs that fill the volume or whose promises are not known%n",
        part.leftOut());
    if (part.resumed() > 0) {
      out.println("not run again: " + part.resumed() + " programs of an earlier run");
    }
    sweep.forgiven().forEach((rule, count) -> out.printf("known: %,d x %s%n", count, rule));
    out.printf(
        "crash campaign: %s on %s: %d programs, %d hold, %d hold in a sample, %d broken, %d not run,"
            + " %,d states, %.1f s%n",
        verdict,
        on,
        shown + count(Verdict.DIVERGED) + count(Verdict.NOT_RUN),
        count(Verdict.AGREED),
        count(Verdict.PARTIAL),
        count(Verdict.DIVERGED),
        count(Verdict.NOT_RUN),
        states,
        seconds);
    if (json) {
      Map<String, Object> counts = new LinkedHashMap<>();
      counts.put("hold", count(Verdict.AGREED));
      counts.put("sampled", count(Verdict.PARTIAL));
      counts.put("broken", count(Verdict.DIVERGED));
      counts.put("notRun", count(Verdict.NOT_RUN));
      counts.put("states", states);
      out.println(new JsonLine("crash campaign", verdict, seconds, counts));
    }
    out.flush();
    return switch (verdict) {
      case "PASS" -> ExitStatus.HOLDS;
      case "FAIL" -> ExitStatus.FINDING;
      default -> ExitStatus.ENVIRONMENT;
    };
  }
}
