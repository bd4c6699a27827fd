// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.DaxSemNecessity;
import io.pmem4j.harness.explore.KnownRaceReport;
import io.pmem4j.harness.explore.LinearSweep;
import io.pmem4j.harness.explore.MutationScore;
import io.pmem4j.harness.explore.PairSweep;
import io.pmem4j.harness.explore.ProgramSweep;
import io.pmem4j.harness.explore.SweepResult;
import io.pmem4j.harness.explore.TruncateMutexFirstExperiment;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import io.pmem4j.harness.explore.scenario.ThreadOperations;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.mutant.Mutant;
import io.pmem4j.harness.mutant.MutantCatalog;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramSyntaxException;
import io.pmem4j.harness.program.TaskProgram;
import io.pmem4j.harness.report.JsonLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code explore}: faults against truncation in every order that matters. */
@Command(
    name = "explore",
    description =
        "Runs two operations on one file in every interleaving within a number of preemptions, on"
            + " the model's production classes, and shows those that do damage.")
final class ExploreCommand implements Callable<Integer> {
  /** The names that stand for more than one scenario. */
  private static final Set<String> SWEEPS =
      Set.of("races", "letter", "mutants", "mutex-first", "threads", "generated");

  private static final String THREADS = "threads";
  private static final String GENERATED = "generated";

  /** The sweeps that take handlers, an order and a mutant. */
  private static final Set<String> CHOOSING = Set.of("letter", THREADS, GENERATED);

  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "SCENARIO",
      description =
          "a name, OPERATION+OPERATION, FILE.p4j (a program with two or three tasks), all (every"
              + " pair), races (each known race without dax_sem and with it), letter (each operation"
              + " that a fault depends on against each fault), mutants (the schedules up to the death"
              + " of each), mutex-first (the attempt the letter gave up), threads (operations of"
              + " threads of one process, judged by their answers; one pair is"
              + " threads-OPERATION+OPERATION), generated (the same for programs of two tasks with two"
              + " operations each, chosen by --seed), or list")
  private String name;

  @Option(
      names = "--order",
      paramLabel = "ORDER",
      description =
          "merged, posted, truncate-mutex-first, truncate-mutex-first-2015, no-dax-sem (default:"
              + " merged)")
  private @Nullable String order;

  @Option(
      names = "--profile",
      paramLabel = "PROFILE",
      description =
          "linux-5-10, series, before-series, v4-4 (default: linux-5-10; for faults of 2 MiB,"
              + " which it has not, series)")
  private @Nullable String profile;

  @Option(
      names = "--series",
      description = "${COMPLETION-CANDIDATES}: handlers and locks of a state of the 2015 series")
  private @Nullable SeriesState series;

  @Option(names = "--preemptions", description = "at most this many (default: ${DEFAULT-VALUE})")
  private int preemptions = 2;

  @Option(names = "--random", paramLabel = "N", description = "N random schedules instead")
  private long random;

  @Option(
      names = "--seed",
      description = "of the random schedules, or of generated (default: ${DEFAULT-VALUE})")
  private long seed = 1;

  @Option(
      names = "--programs",
      paramLabel = "N",
      description = "N programs for generated (default: ${DEFAULT-VALUE})")
  private int programs = 10;

  @Option(names = "--schedule", paramLabel = "S", description = "only this one, as in 'A3 B1'")
  private @Nullable String schedule;

  @Option(names = "--mutant", paramLabel = "NAME", description = "explores a mutant")
  private @Nullable String mutant;

  @Option(names = "--html", paramLabel = "FILE", description = "writes the findings as a page")
  private @Nullable Path html;

  @Option(
      names = "--emit",
      paramLabel = "DIR",
      description =
          "writes findings as programs that stop a kernel's tasks at the same places: for the"
              + " kernels with the damage, and for those without")
  private @Nullable Path emit;

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills spec and name in
  ExploreCommand() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (name.equals("list")) {
      ScenarioCatalog.named()
          .forEach(each -> out.printf("%-31s %s%n", each.name(), each.operationLabels()));
      out.println("or OPERATION+OPERATION of: " + String.join(", ", ScenarioCatalog.operations()));
      out.println(
          "or threads-OPERATION+OPERATION of: "
              + String.join(", ", ThreadOperations.read().names()));
      out.println(
          "or threads-PAIR of names: " + String.join(", ", ThreadOperations.read().pairsOfNames()));
      return ExitStatus.HOLDS;
    }
    checkOptions();
    if (mutant != null && !MutantVerb.runsOnMutant()) {
      return MutantVerb.run(spec.commandLine(), mutant);
    }
    long start = System.nanoTime();
    if (name.equals("races")) {
      return end(new KnownRaceReport(out).run(), out, start);
    }
    if (name.equals("mutants")) {
      List<Mutant> mutants = MutantCatalog.of(GuestFiles.home()).all();
      return end(new MutationScore(out).run(mutants), out, start);
    }
    if (name.equals("mutex-first")) {
      return end(new TruncateMutexFirstExperiment(explorer(), out).run(), out, start);
    }
    if (name.equals("letter")) {
      out.printf("profile %s, order %s%n", profile(), order().label());
      return end(new DaxSemNecessity(profile(), order(), explorer(), out).run(), out, start);
    }
    if (isProgram()) {
      out.printf("profile %s, order %s%n", profile(), order().label());
      return end(program(out), out, start);
    }
    if (name.equals(THREADS) || name.equals(GENERATED) || name.startsWith(LinearSweep.PREFIX)) {
      out.printf("profile %s, order %s%n", profile(), order().label());
      return end(threads(out), out, start);
    }
    List<NamedScenario> scenarios = scenarios();
    if (emit != null && scenarios.size() > 1) {
      throw usage("--emit is for one scenario");
    }
    out.printf("profile %s, order %s%n", profile(), order().label());
    if (schedule != null) {
      return end(replay(scenarios.getFirst(), schedule, out), out, start);
    }
    SweepResult sweep =
        new PairSweep(profile(), order(), promises(), explorer(), out)
            .run(scenarios, name.equals("all") && mutant == null && random == 0);
    if (emit != null) {
      EmittedPrograms.write(profile(), emit, scenarios.getFirst(), sweep.findings(), out);
    }
    if (name.equals("all") && order().equals(LockOrder.MERGED) && !profile().fourHandlers()) {
      sweep = sweep.and(threads(out));
    }
    return end(sweep, out, start);
  }

  /** Explores every pair of threads, or the one that is named. */
  private SweepResult threads(PrintWriter out) throws IOException {
    if (schedule != null || emit != null) {
      throw usage("--schedule and --emit are for scenarios of processes");
    }
    ThreadOperations operations = ThreadOperations.read();
    List<String> names =
        name.startsWith(LinearSweep.PREFIX)
            ? List.of(name.substring(LinearSweep.PREFIX.length()))
            : name.equals(GENERATED) ? operations.generated(seed, programs) : operations.all();
    return new LinearSweep(profile(), order(), explorer(), out).run(names);
  }

  private boolean isProgram() {
    return name.endsWith(Program.SUFFIX);
  }

  private SweepResult program(PrintWriter out) throws IOException, ProgramSyntaxException {
    if (emit != null) {
      throw usage("--emit is for scenarios, not for programs");
    }
    TaskProgram program = TaskProgram.of(ProgramLibrary.at(Path.of(name)).getFirst());
    return new ProgramSweep(profile(), order(), promises(), explorer(), out)
        .run(program, schedule == null ? null : parse(schedule));
  }

  /** Refuses options that would be ignored, or whose error would appear only after minutes. */
  private void checkOptions() {
    if (name.equals("seeded-faults")) {
      throw usage("seeded-faults is now mutants: explore mutants");
    }
    if (html != null && name.equals("mutants")) {
      throw usage("--html: not for mutants; explore SCENARIO --mutant NAME --html FILE");
    }
    if (SWEEPS.contains(name)) {
      boolean chosen = order != null || profile != null || series != null || mutant != null;
      if (schedule != null || (chosen && !CHOOSING.contains(name))) {
        throw usage(name + " chooses handlers, orders and schedules itself");
      }
    } else if (schedule != null && name.equals("all")) {
      throw usage("--schedule is for one scenario");
    }
    if (programs < 1) {
      throw usage("--programs: " + programs + ", expected 1 or more");
    }
    if (preemptions < 0) {
      throw usage("--preemptions: " + preemptions);
    }
    if (html != null) {
      Path folder = html.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder)) {
        throw usage("--html: no folder for " + html);
      }
    }
    if (name.startsWith(LinearSweep.PREFIX)) {
      try {
        ThreadOperations.read().program(name.substring(LinearSweep.PREFIX.length()));
      } catch (IllegalArgumentException e) {
        throw usage(String.valueOf(e.getMessage()));
      }
    } else if (!name.equals("all") && !SWEEPS.contains(name) && !isProgram()) {
      NamedScenario scenario = scenarios().getFirst();
      if (scenario.huge() && !profile().fourHandlers()) {
        throw usage(
            "the handlers of "
                + profile()
                + " have no faults for 2 MiB: --profile series, before-series or v4-4");
      }
    }
  }

  private List<NamedScenario> scenarios() {
    if (name.equals("all")) {
      List<NamedScenario> all = new ArrayList<>(ScenarioCatalog.pairs(profile()));
      if (!profile().fourHandlers()) {
        all.addAll(ScenarioCatalog.durability());
      }
      return all;
    }
    return List.of(
        ScenarioCatalog.find(name)
            .orElseThrow(
                () -> usage("unknown scenario '" + name + "'; ./pmem4j explore list names them")));
  }

  private CommandLine.ParameterException usage(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /**
   * Returns the fault handlers that were asked for; those of the series for 2 MiB, because 5.10 has
   * none.
   */
  private Profile profile() {
    if (profile == null
        && series == null
        && ScenarioCatalog.find(name).filter(NamedScenario::huge).isPresent()) {
      return Profile.SERIES;
    }
    if (series != null) {
      if (profile != null || order != null) {
        throw usage("--series decides --profile and --order");
      }
      return series.profile;
    }
    try {
      return profile == null
          ? Profile.LINUX_5_10
          : Profile.valueOf(profile.toUpperCase(Locale.ROOT).replace('-', '_'));
    } catch (IllegalArgumentException e) {
      throw usage(
          "unknown profile '"
              + profile
              + "', expected one of "
              + Stream.of(Profile.values())
                  .map(each -> each.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
                  .collect(Collectors.joining(", ")));
    }
  }

  private LockOrder order() {
    try {
      return series != null
          ? series.order
          : order == null
              ? LockOrder.MERGED
              : LabOrders.of(order.toLowerCase(Locale.ROOT).replace('_', '-'));
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Returns whether broken postconditions are findings: for a state of the series its answers
   * count, not only the damage.
   */
  private boolean promises() {
    return series != null || !order().equals(LabOrders.NO_DAX_SEM);
  }

  private Explorer explorer() {
    return random > 0 ? Explorer.random(seed, random) : Explorer.bounded(preemptions);
  }

  private SweepResult replay(NamedScenario scenario, String text, PrintWriter out)
      throws IOException {
    Schedule wanted = parse(text);
    try (ScenarioRunner runner = ScenarioRunner.open(profile(), order(), promises())) {
      Optional<Finding> finding = runner.replay(scenario, explorer(), wanted);
      out.println(finding.map(Interleaving::text).orElse("nothing is wrong under this schedule"));
      return new SweepResult(
          finding.isEmpty(), 1, 1, finding.stream().toList(), 0, runner.imagesChecked());
    }
  }

  private Schedule parse(String text) {
    try {
      return Schedule.parse(text);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private int end(SweepResult sweep, PrintWriter out, long start) throws IOException {
    if (html != null) {
      Files.writeString(html, Interleaving.html("explore " + name, sweep.findings()));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    String verdict = sweep.holds() ? "PASS" : "FAIL";
    out.printf(
        "explore: %s: %d scenarios, %,d schedules, %d findings, %d incomplete, %d images judged by"
            + " e2fsck, %.1f s%n",
        verdict,
        sweep.scenarios(),
        sweep.schedules(),
        sweep.findings().size(),
        sweep.incomplete(),
        sweep.images(),
        seconds);
    if (json) {
      out.println(json(verdict, seconds, sweep));
    }
    out.flush();
    return sweep.holds() ? ExitStatus.HOLDS : ExitStatus.FINDING;
  }

  private static JsonLine json(String verdict, double seconds, SweepResult sweep) {
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("scenarios", sweep.scenarios());
    counts.put("schedules", sweep.schedules());
    counts.put("findings", sweep.findings().size());
    counts.put("incomplete", sweep.incomplete());
    return new JsonLine("explore", verdict, seconds, counts);
  }
}
