// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.campaign.CampaignOptions;
import io.pmem4j.harness.campaign.CampaignOptions.Allowances;
import io.pmem4j.harness.campaign.CampaignReport;
import io.pmem4j.harness.campaign.DeviceCampaign;
import io.pmem4j.harness.campaign.Machine;
import io.pmem4j.harness.campaign.PowerCut;
import io.pmem4j.harness.campaign.WorkerCommand;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalReceiver;
import io.pmem4j.harness.campaign.work.Worker;
import io.pmem4j.harness.report.JsonLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code crash device}: a campaign on the devices of this machine. */
@Command(
    name = "device",
    description = {
      "Works on folders and DAX devices of this machine, and checks after each cut that all is there.",
      "The first campaign, the cuts and the verdicts: docs/device-campaign.md.",
      "Exit 4: the platform itself reports a loss, so that the cut says nothing about software."
    })
final class DeviceCommand implements Callable<Integer> {
  @Spec private CommandLine.Model.CommandSpec spec;

  @Parameters(
      paramLabel = "PATH",
      arity = "0..*",
      description = "folders of mounted file systems, and DAX devices")
  private List<Path> paths = new ArrayList<>();

  @Option(
      names = "--power-cmd",
      paramLabel = "CMD",
      description =
          "cuts this machine off after some kills, by /bin/sh; after the boot run the verb with"
              + " --resume. Its environment has PMEM4J_OFF_SECONDS")
  private @Nullable String powerCommand;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description = "for --power-cmd: kills of workers before it (default: ${DEFAULT-VALUE})")
  private int kills = 2;

  @Option(
      names = "--off-seconds",
      paramLabel = "N",
      description =
          "for --power-cmd: the time to stay off; an NVDIMM-N saves its content meanwhile"
              + " (default: ${DEFAULT-VALUE})")
  private long offSeconds = CampaignOptions.OFF_TIME.toSeconds();

  @Option(
      names = "--power-wait",
      paramLabel = "N",
      description = "seconds until a machine that still runs was not cut off (default: 120)")
  private long powerWait = 120;

  @Option(
      names = "--journal",
      paramLabel = "FILE|tcp://HOST:PORT",
      description =
          "the journal, on a disk that is not under test, or a receiver (default: below"
              + " ~/.local/state)")
  private @Nullable String journal;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "end after this time (default: ${DEFAULT-VALUE})")
  private double minutes = 5;

  @Option(names = "--cuts", paramLabel = "N", description = "end after this number of cuts")
  private int cuts = Integer.MAX_VALUE;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "processes that work at a time (default: ${DEFAULT-VALUE})")
  private int workers = 2;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "of the workloads' contents (default: another one each time)")
  private long seed = System.nanoTime();

  @Option(names = "--verify", description = "check what the last cut left, and do nothing else")
  private boolean verify;

  @Option(names = "--resume", description = "continue the campaign of the journal")
  private boolean resume;

  @Option(
      names = "--overwrite-device",
      description = "a DAX device may lose its content; without it, it is refused")
  private boolean overwriteDevice;

  @Option(
      names = "--journal-on-same-device",
      description = "the journal may be on a device under test: for kills alone")
  private boolean journalOnSameDevice;

  @Option(
      names = "--not-persistent-on-purpose",
      description = "memory that loses its content is not refused: a test of the campaign itself")
  private boolean notPersistent;

  @Option(
      names = "--listen",
      paramLabel = "PORT",
      description = "receive the journal of a campaign on another machine into --journal")
  private @Nullable Integer listen;

  @Option(names = "--json", description = "end with one line of JSON")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills spec in
  DeviceCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (minutes < 0 || cuts < 0 || kills < 0 || workers < 1 || offSeconds < 0 || powerWait < 0) {
      throw usage("--workers is 1 or more, the other numbers are 0 or more");
    }
    if (listen != null) {
      return receive(listen);
    }
    if (paths.isEmpty()) {
      throw usage("name a folder or a DAX device");
    }
    long start = System.nanoTime();
    Machine machine = Machine.running();
    CampaignOptions options =
        new CampaignOptions(
            paths,
            workers,
            Duration.ofMillis((long) (minutes * 60_000)),
            cuts,
            seed,
            Optional.ofNullable(powerCommand)
                .map(command ->
                    PowerCut.command(
                        command,
                        Duration.ofSeconds(offSeconds),
                        Duration.ofSeconds(powerWait),
                        machine)),
            kills,
            verify,
            resume,
            new Allowances(journalOnSameDevice, notPersistent, overwriteDevice));
    JournalPlace place =
        journal == null ? new JournalPlace.File(defaultJournal()) : JournalPlace.parse(journal);
    CampaignReport report;
    try (DeviceCampaign campaign =
        new DeviceCampaign(options, place, machine, WorkerCommand.of(Worker.class))) {
      PrintWriter out = spec.commandLine().getOut();
      List<String> first = campaign.notes();
      first.forEach(note -> out.println("note: " + note));
      out.flush();
      report = campaign.run();
      campaign.notes().stream().skip(first.size()).forEach(note -> out.println("note: " + note));
    }
    return end(report, (System.nanoTime() - start) / 1e9);
  }

  private int receive(int port) throws IOException {
    if (journal == null || journal.startsWith(JournalPlace.REMOTE) || !paths.isEmpty()) {
      throw usage("--listen takes a --journal FILE and no PATH");
    }
    try (JournalReceiver receiver = new JournalReceiver(port, Path.of(journal))) {
      PrintWriter out = spec.commandLine().getOut();
      out.printf("crash device: listening on port %d, ends by Ctrl-C%n", receiver.port());
      out.flush();
      receiver.serve();
    }
    return ExitStatus.HOLDS;
  }

  private CommandLine.ParameterException usage(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /** Returns a file in the user's own folder for state, by the paths under test. */
  private Path defaultJournal() {
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state == null || state.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".local", "state")
            : Path.of(state);
    List<Path> absolute = paths.stream().map(path -> path.toAbsolutePath().normalize()).toList();
    return folder.resolve("pmem4j/device-%08x.journal".formatted(absolute.toString().hashCode()));
  }

  private int end(CampaignReport report, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf("crash device: %s, %.1f s%n", report.words(), seconds);
    int status =
        switch (report.verdict()) {
          case HELD -> ExitStatus.HOLDS;
          case FINDING -> ExitStatus.FINDING;
          case PLATFORM -> ExitStatus.PLATFORM;
          case ENVIRONMENT -> ExitStatus.ENVIRONMENT;
        };
    if (json) {
      Map<String, Object> counts = new LinkedHashMap<>();
      counts.put("cuts", report.cuts());
      counts.put("operations", report.operations());
      String verdict =
          switch (report.verdict()) {
            case HELD -> "PASS";
            case FINDING -> "FAIL";
            case PLATFORM, ENVIRONMENT -> "ERROR";
          };
      out.println(
          new JsonLine("crash device", verdict, seconds, counts)
              .with("kinds", report.byKind())
              .with("outcome", report.verdict().name())
              .with("detail", report.detail()));
    }
    out.flush();
    return status;
  }
}
