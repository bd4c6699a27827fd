// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.campaign.CampaignOptions.Allowances;
import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.JournalException;
import io.pmem4j.harness.campaign.journal.JournalFile;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalReceiver;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.work.KillPoint;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.Worker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Power cuts by a command, kill points, and a journal on another machine. */
@Tag("powercuts")
class CampaignCutsIT {
  @TempDir private Path folder;
  private Path place;
  private JournalPlace journal;
  private FakeMachine fake;

  @BeforeEach
  void aMachine() throws IOException {
    place = Files.createDirectory(folder.resolve("place"));
    journal = new JournalPlace.File(folder.resolve("journal"));
    fake = new FakeMachine(folder, place);
  }

  @AfterEach
  void noProcessIsLeft() {
    assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive)).isEmpty();
  }

  private CampaignReport run(Path path, Optional<PowerCut> power, boolean resume) throws Exception {
    CampaignOptions options =
        new CampaignOptions(
            List.of(path),
            1,
            Duration.ofMinutes(5),
            1,
            3,
            power,
            0,
            false,
            resume,
            new Allowances(true, false, false));
    try (DeviceCampaign campaign =
        new DeviceCampaign(options, journal, fake.machine(), WorkerCommand.of(Worker.class))) {
      return campaign.run();
    }
  }

  private CampaignReport run(Optional<PowerCut> power, boolean resume) throws Exception {
    return run(place, power, resume);
  }

  private Optional<PowerCut> command(String command) {
    return Optional.of(
        PowerCut.command(
            command, CampaignOptions.OFF_TIME, Duration.ofSeconds(90), fake.machine()));
  }

  @Test
  void aPowerCommandThatDoesNothingIsNoCut() throws Exception {
    CampaignReport report = run(command("true"), false);
    assertThat(report.verdict()).isEqualTo(CutOutcome.ENVIRONMENT);
    assertThat(report.detail())
        .isEqualTo(
            "no reboot happened: 'true' ended with status 0; the machine still runs 90 s later");
    assertThat(fake.pauses).contains(Duration.ofSeconds(90));
    assertThat(report.cuts()).isZero();
    CampaignReport failed =
        run(command("echo no BMC for $PMEM4J_OFF_SECONDS seconds; exit 7"), true);
    assertThat(failed.detail()).endsWith("ended with status 7 and said: no BMC for 180 seconds");
    assertThat(run(Optional.empty(), true).words()).startsWith("PASS: ");
  }

  /** The end of a machine, as far as a test can have it. */
  private static final class MachineGone extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Test
  void aMachineThatComesBackIsVerified() throws Exception {
    PowerCut cut =
        () -> {
          fake.boot("boot-2");
          throw new MachineGone();
        };
    assertThatThrownBy(() -> run(Optional.of(cut), false)).isInstanceOf(MachineGone.class);
    CampaignReport report = run(Optional.empty(), true);
    assertThat(report.verdict()).isEqualTo(CutOutcome.HELD);
    assertThat(report.byKind()).containsEntry("power", 1);
  }

  @Test
  void aReceiverKeepsTheJournalOverRebootsAndKnowsOneCampaign() throws Exception {
    Path file = folder.resolve("received");
    try (JournalReceiver receiver = new JournalReceiver(0, file)) {
      Thread serving =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  receiver.serve();
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      journal = JournalPlace.parse("tcp://localhost:" + receiver.port());
      assertThatThrownBy(() -> run(Optional.empty(), true))
          .isInstanceOf(JournalException.class)
          .hasMessageContaining("is empty: begin a campaign without --resume");
      assertThat(run(Optional.empty(), false).cuts()).isEqualTo(1);
      assertThat(run(Optional.empty(), true).cuts()).isEqualTo(2);
      assertThatThrownBy(() -> run(Optional.empty(), false))
          .hasMessageContaining("has a campaign: continue it with --resume");
      CampaignRecord record = new CampaignRecord();
      receiver.close();
      JournalFile.resume(file, record::add).close();
      assertThat(record.heldByKind().values().stream().mapToInt(n -> n).sum()).isEqualTo(2);
      serving.join();
    }
    assertThatThrownBy(() -> run(Optional.empty(), true))
        .isInstanceOf(JournalException.class)
        .hasMessageContaining("no receiver answers")
        .hasMessageContaining("--listen");
  }

  @ParameterizedTest
  @EnumSource(KillPoint.class)
  void eachPointIsReachedAndLosesNothing(KillPoint point) throws Exception {
    assertThat(operationsCutAt(point, 7, 0)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 5})
  void aPointIsPassedUntilThereIsSomethingToLose(long operations) throws Exception {
    assertThat(operationsCutAt(KillPoint.BEFORE_STORE, 0, operations)).isEqualTo(operations);
  }

  /** Kills a worker at a point and verifies; returns the number of acknowledged operations. */
  private long operationsCutAt(KillPoint point, long passes, long operations) throws Exception {
    TestedPlace tested = TestedPlace.of(place);
    tested.begin("points");
    List<LaneSpec> lanes = tested.lanes(1, 3, false);
    CampaignRecord record = new CampaignRecord();
    WorkerProcess.Sink sink =
        records -> {
          for (var each : records) {
            record.add(each);
          }
        };
    List<String> command = WorkerCommand.of(Worker.class);
    try (Crew crew = Crew.start(1, command, folder, sink)) {
      assign(crew, lanes, record);
      crew.arm(0, point, passes, operations);
      crew.run(new SplittableRandom());
      crew.awaitChecked();
      assertThat(crew.awaitPoint(Duration.ofMinutes(1))).isEqualTo(point.name());
      crew.kill();
    }
    try (Crew crew = Crew.start(1, command, folder, sink)) {
      assign(crew, lanes, record);
      crew.verify();
      crew.awaitChecked();
    }
    return record.operations();
  }

  private static void assign(Crew crew, List<LaneSpec> lanes, CampaignRecord record) {
    for (int lane = 0; lane < lanes.size(); lane++) {
      crew.assign(lane, lanes.get(lane), record.promised(lane), record.intended(lane));
    }
  }

  @Test
  void aFullDeviceIsNoFinding() throws Exception {
    Required.programs("mount", "umount");
    Path small = Files.createDirectory(folder.resolve("small"));
    tool("mount", "-t", "tmpfs", "-o", "size=2500k", "tmpfs", small.toString());
    try {
      assertThatThrownBy(() -> run(small, Optional.empty(), false))
          .isInstanceOf(CampaignException.class)
          .hasMessageContaining("No space left on device");
    } finally {
      tool("umount", small.toString());
    }
    assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(small.toString());
  }

  @Test
  void tmpfsIsRefusedForPowerCuts() throws Exception {
    Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "cuts");
    try {
      assertThatThrownBy(() -> run(memory, command("true"), false))
          .isInstanceOf(CampaignException.class)
          .hasMessageContaining("is a tmpfs, which loses its content at a power cut");
      assertThat(memory).isEmptyDirectory();
    } finally {
      Files.delete(memory);
    }
  }

  private static void tool(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
  }

  @Test
  void aWorkerThatCannotStartIsNamed() {
    CampaignOptions options =
        new CampaignOptions(
            List.of(place),
            1,
            Duration.ofMinutes(5),
            1,
            3,
            Optional.empty(),
            0,
            false,
            false,
            new Allowances(true, false, false));
    assertThatThrownBy(
            () -> {
              try (DeviceCampaign campaign =
                  new DeviceCampaign(
                      options,
                      journal,
                      fake.machine(),
                      List.of("/bin/sh", "-c", "echo no memory >&2; exit 9"))) {
                campaign.run();
              }
            })
        .isInstanceOf(CampaignException.class)
        .hasMessage("a worker ended with status 9 and said: no memory");
  }
}
