// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A medium for a crash test of ordinary code. A run stores to files of the medium, which it maps
 * with {@link io.pmem4j.pmem.Pmem#map}, or opens as {@link io.pmem4j.pmem.PmemFile}. A check then
 * recovers from each state that a power failure during the run may leave.
 *
 * {@snippet :
 * CrashMedium.named("ledger").run(file -> Ledger.append(file, 3)).after(file -> Ledger.verify(file));
 * }
 *
 * <p>The path that both get names no file of the file system: only {@code Pmem} and {@code
 * PmemFile} find it, and other files beside it. The run and the check must be deterministic; the
 * run is made once for each mode. A file made by {@code Pmem.map} is there in each state after
 * that, and absent before. Lengths and names that {@code PmemFile} gives are as durable as its
 * syncs make them: a rename in one folder is whole or not there, one between two folders never
 * loses the file. The threads of a run end before it does. Not thread-safe, but for {@link
 * #acknowledge}.
 */
public final class CrashMedium {
  static final Duration LIMIT = Duration.ofMinutes(1);

  private static final AtomicLong NUMBER = new AtomicLong();

  private final Settings settings;
  private @Nullable SimulatedFiles files;

  /**
   * The parameters of a medium.
   *
   * @param name of the test, for messages and the replay file
   * @param modes in order
   * @param atMost see {@link CrashStates#atMost}
   * @param seed see {@link CrashStates#seed}
   * @param complete true if a state left out is a failure
   * @param replay the name of the only state to try, or empty
   * @param folder of replay files
   * @param command that replays a file, which is appended
   * @param limit of one check, after which it is interrupted
   * @param rules true if a broken rule of durability is a failure
   * @param log gets a line for each exploration
   */
  record Settings(
      String name,
      List<CrashMode> modes,
      long atMost,
      long seed,
      boolean complete,
      String replay,
      Path folder,
      String command,
      Duration limit,
      boolean rules,
      Consumer<String> log) {}

  CrashMedium(Settings settings) {
    this.settings = settings;
  }

  /** Returns a medium that is tried by the rules of x86 and of the Java memory model. */
  public static CrashMedium named(String name) {
    return new CrashMedium(
        new Settings(
            name,
            List.of(CrashMode.X86, CrashMode.JAVA),
            CrashStates.AT_MOST,
            1,
            false,
            "",
            Path.of("target", "crash"),
            "-Dcrash.replay=",
            LIMIT,
            true,
            line -> {}));
  }

  /** Returns a medium that is tried by other rules. */
  public CrashMedium modes(CrashMode... rules) {
    return with(List.of(rules), settings.limit(), settings.rules());
  }

  /**
   * Returns a medium whose checks are interrupted after a time; then the check has failed.
   *
   * @param limit of the check of one state; a minute unless set
   */
  public CrashMedium limit(Duration limit) {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("limit " + limit + ", expected more than zero");
    }
    return with(settings.modes(), limit, settings.rules());
  }

  /**
   * Returns a medium that is judged by the check alone. Stores that are not durable when they are
   * acknowledged are no finding of their own then: hints that recovery can do without, such as the
   * notes of a {@link io.pmem4j.durable.DurableMap}.
   */
  public CrashMedium byCheckAlone() {
    return with(settings.modes(), settings.limit(), false);
  }

  private CrashMedium with(List<CrashMode> modes, Duration limit, boolean rules) {
    return new CrashMedium(
        new Settings(
            settings.name(),
            modes,
            settings.atMost(),
            settings.seed(),
            settings.complete(),
            settings.replay(),
            settings.folder(),
            settings.command(),
            limit,
            rules,
            settings.log()));
  }

  /** A part of a crash test. */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs, or recovers and checks.
     *
     * @param file a path of the medium
     * @throws Throwable the damage found, in words, if this is a check
     */
    void run(Path file) throws Throwable;
  }

  /**
   * A run as a sequence of operations, of which a part is a run too.
   *
   * @param <T> an operation, with a readable {@code toString}
   */
  @FunctionalInterface
  public interface Program<T> {
    /**
     * Runs some of the operations.
     *
     * @param file a path of the medium
     * @param operations in order
     * @throws Throwable if these operations cannot be run
     */
    void run(Path file, List<T> operations) throws Throwable;
  }

  /** Adds the code under test; nothing runs before {@link Run#after}. */
  public Run run(Body workload) {
    return new Run(List.of(), _ -> workload);
  }

  /**
   * Adds the code under test as operations. If a check fails, operations are left out as long as it
   * fails, and the failure is that of the shortest program.
   */
  public <T> Run run(List<T> operations, Program<T> program) {
    List<T> all = List.copyOf(operations);
    return new Run(all, kept -> file -> program.run(file, kept.stream().map(all::get).toList()));
  }

  /**
   * Marks a promise of the run: what it has stored so far is durable.
   *
   * @param name names the value for {@link #acknowledged}
   * @throws IllegalStateException if no run is in progress
   */
  public void acknowledge(String name, long value) {
    simulated().recording().acknowledge(name, value);
  }

  /**
   * Returns the last promise before the crash, or 0 if there was none; for a check.
   *
   * @throws IllegalStateException if no check is in progress
   */
  public long acknowledged(String name) {
    return simulated().acknowledgements().get(name);
  }

  /**
   * Lets a sync of a file or a folder fail, once; for a run. What it should have made durable may
   * or may not be on the medium. A later sync of the file takes it along, which a kernel may not
   * do.
   *
   * @param number 1 for the next sync of a {@link io.pmem4j.pmem.PmemFile}
   * @throws IllegalStateException if no run is in progress
   */
  public void failSync(long number) {
    simulated().failSync(number);
  }

  private SimulatedFiles simulated() {
    if (files == null) {
      throw new IllegalStateException("neither a run nor a check is in progress");
    }
    return files;
  }

  /** A run whose crash states are not yet checked. */
  public final class Run {
    private final List<?> operations;
    private final Function<List<Integer>, Body> workload;

    private Run(List<?> operations, Function<List<Integer>, Body> workload) {
      this.operations = operations;
      this.workload = workload;
    }

    /**
     * Makes the run in each mode, and the check on each of its crash states.
     *
     * @throws CrashFoundError if the check fails on a state, or a rule of durability is broken
     * @throws Throwable thrown by the run
     */
    public void after(Body check) throws Throwable {
      List<Integer> all = IntStream.range(0, operations.size()).boxed().toList();
      for (CrashMode mode : settings.modes()) {
        if (!settings.replay().isEmpty()) {
          replay(mode, check);
          continue;
        }
        try {
          explored(mode, all, check, CrashMedium.this::explore);
        } catch (CrashFoundError found) {
          List<Integer> shortest =
              OperationShrinker.shrink(all, kept -> stillFails(mode, kept, check));
          throw shortest.size() == all.size() ? found : failure(mode, shortest, check);
        }
      }
    }

    private void replay(CrashMode mode, Body check) throws Throwable {
      String[] state = settings.replay().split("@", -1);
      if (StateName.parse(state[0]).mode() == mode) {
        List<Integer> kept =
            state.length == 1
                ? IntStream.range(0, operations.size()).boxed().toList()
                : Stream.of(state[1].split(",", -1)).map(Integer::valueOf).toList();
        explored(mode, kept, check, (states, onState, _) -> states.replay(state[0], onState));
      }
    }

    /** Makes the run, and explores its states. */
    private void explored(CrashMode mode, List<Integer> kept, Body check, Exploration exploration)
        throws Throwable {
      Path folder = Path.of("/crash medium", Long.toString(NUMBER.incrementAndGet()));
      Path file = folder.resolve("file");
      try (SimulatedFiles simulated = new SimulatedFiles(folder, mode.granularity());
          CheckWatch watch = new CheckWatch(settings.limit())) {
        files = simulated;
        workload.apply(kept).run(file);
        CrashStates states =
            CrashStates.of(simulated.endRun())
                .mode(mode)
                .atMost(settings.atMost())
                .seed(settings.seed());
        CrashCheck onState =
            (memory, acknowledged) -> {
              simulated.enter(memory, acknowledged);
              watch.run(check, file);
            };
        exploration.explore(states, onState, kept.size() == operations.size() ? List.of() : kept);
      } finally {
        files = null;
      }
    }

    /** Returns true if a part of the program fails; one that cannot be run does not. */
    private boolean stillFails(CrashMode mode, List<Integer> kept, Body check) {
      try {
        explored(
            mode,
            kept,
            check,
            (states, onState, _) -> {
              if (!states.checkToFirst(onState).passed() || !broken(states).isEmpty()) {
                throw new CrashFoundError("still fails", List.of());
              }
            });
        return false;
      } catch (CrashFoundError found) {
        return true;
      } catch (VirtualMachineError e) {
        throw e;
      } catch (Throwable cannotRun) {
        return false;
      }
    }

    private CrashFoundError failure(CrashMode mode, List<Integer> kept, Body check)
        throws Throwable {
      try {
        explored(mode, kept, check, CrashMedium.this::explore);
      } catch (CrashFoundError found) {
        return new CrashFoundError(
            found.getMessage()
                + "\nshortest program that fails, "
                + kept.size()
                + " of "
                + operations.size()
                + " operations: "
                + kept.stream().map(operations::get).toList(),
            found.findings());
      }
      throw new NotDeterministicException("operations " + kept + " failed once and not again");
    }
  }

  /** A use of the states of a run. */
  private interface Exploration {
    /** Explores; the operations that were kept are empty if none was left out. */
    void explore(CrashStates states, CrashCheck check, List<Integer> kept) throws Throwable;
  }

  private void explore(CrashStates states, CrashCheck check, List<Integer> kept)
      throws IOException {
    CrashReport report = states.check(check);
    settings.log().accept(settings.name() + ": explored " + report);
    if (!report.findings().isEmpty()) {
      CrashFinding finding = report.findings().get(0);
      RepairSearch.Result repair = RepairSearch.search(states, check, finding);
      throw new CrashFoundError(
          FailureText.of(settings.name(), report, finding, repair) + replayLine(finding, kept),
          report.findings());
    }
    List<CrashFinding> broken = broken(states);
    if (!broken.isEmpty()) {
      throw new CrashFoundError(settings.name() + ": " + broken.get(0).message(), broken);
    }
    if (settings.complete() && !report.isComplete()) {
      throw new CrashFoundError(
          settings.name() + ": " + report.leftOut() + " crash states left out; " + report,
          List.of());
    }
  }

  private List<CrashFinding> broken(CrashStates states) {
    List<CrashFinding> broken = new ArrayList<>();
    if (!settings.rules()) {
      return broken;
    }
    for (CrashFinding rule : DurabilityRules.check(states.trace(), states.mode())) {
      if (rule.kind() == CrashFinding.Kind.REDUNDANT_FLUSH) {
        settings.log().accept(settings.name() + ": " + rule.message());
      } else {
        broken.add(rule);
      }
    }
    return broken;
  }

  private String replayLine(CrashFinding finding, List<Integer> kept) throws IOException {
    String state =
        finding.replay()
            + (kept.isEmpty()
                ? ""
                : "@" + kept.stream().map(String::valueOf).collect(Collectors.joining(",")));
    Optional<Path> file = ReplayFile.write(settings.folder(), settings.name(), state);
    return "\nreplay: " + file.map(path -> settings.command() + path).orElse("state " + state);
  }
}
