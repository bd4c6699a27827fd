// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.campaign.CampaignOptions.Allowances;
import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.work.LaneSpec;
import io.pmem4j.harness.campaign.work.Worker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Campaigns with processes that are killed, in folders of tmpfs and of the disk. */
@Tag("powercuts")
class DeviceCampaignIT {
  @TempDir private Path disk;
  private Path memory;
  private Path journal;

  @BeforeEach
  void aFolderInMemory() throws IOException {
    memory = Files.createTempDirectory(Path.of("/dev/shm"), "campaign");
    journal = memory.resolve("journal");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    new ProcessBuilder("rm", "-rf", memory.toString()).start().onExit().join();
    assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
        .as("child processes")
        .isEmpty();
  }

  private Path place(Path parent) throws IOException {
    return Files.createDirectories(parent.resolve("place"));
  }

  static CampaignOptions options(int cuts, boolean resume, boolean verify, Path... paths) {
    return new CampaignOptions(
        List.of(paths),
        2,
        Duration.ofMinutes(10),
        cuts,
        7,
        Optional.empty(),
        0,
        verify,
        resume,
        new Allowances(true, false, false));
  }

  private CampaignReport run(CampaignOptions options, Class<?> worker) throws Exception {
    try (DeviceCampaign campaign = open(options, worker)) {
      return campaign.run();
    }
  }

  private DeviceCampaign open(CampaignOptions options, Class<?> worker) throws Exception {
    return new DeviceCampaign(
        options, new JournalPlace.File(journal), Machine.running(), WorkerCommand.of(worker));
  }

  private CampaignReport run(CampaignOptions options) throws Exception {
    return run(options, Worker.class);
  }

  /** Kills workers until the journal promises an operation of the lane in a file. */
  private void runUntilPromised(Path place, Path file) throws Exception {
    for (int cuts = 0; cuts < 200; cuts++) {
      run(options(1, cuts > 0, false, place));
      CampaignRecord record = new CampaignRecord();
      new JournalPlace.File(journal).open(true, record::add).close();
      boolean promised =
          record.lanes().entrySet().stream()
              .filter(lane -> LaneSpec.of(lane.getValue()).path().equals(file))
              .anyMatch(lane -> record.promised(lane.getKey()) > 0);
      if (promised) {
        return;
      }
    }
    throw new AssertionError("no operation of " + file + " in 200 cuts");
  }

  @Test
  void killsLoseNothingInMemoryAndOnDisk() throws Exception {
    Path[] places = {place(memory), place(disk)};
    CampaignReport report = run(options(4, false, false, places));
    assertThat(report.verdict()).isEqualTo(CutOutcome.HELD);
    assertThat(report.cuts()).isEqualTo(4);
    // Of two workers one may wait at a point before its first operation.
    assertThat(report.operations()).isGreaterThanOrEqualTo(4);
    assertThat(report.words())
        .startsWith("PASS: 4 cuts")
        .contains("0 losses, loss rate below 0.75");
    System.out.println(report.words());
    CampaignReport more = run(options(2, true, false, places));
    assertThat(more.cuts()).isEqualTo(6);
    assertThat(more.operations()).isGreaterThan(report.operations());
    CampaignReport verified = run(options(0, false, true, places));
    assertThat(verified).isEqualTo(more);
    assertThat(place(disk)).isDirectoryContaining(file -> file.endsWith(TestedPlace.FOLDER));
    try (var files = Files.list(place(disk))) {
      assertThat(files).as("nothing but its own folder").hasSize(1);
    }
  }

  @Test
  void anEarlyAcknowledgementIsFound() throws Exception {
    CampaignReport report = run(options(20, false, false, place(memory)), LateWorker.class);
    assertThat(report.verdict()).isEqualTo(CutOutcome.FINDING);
    assertThat(report.words()).contains("log of worker").contains("was acknowledged");
    // The finding stays.
    assertThat(run(options(5, true, false, place(memory)))).isEqualTo(report);
  }

  @Test
  void alteredContentIsFoundByVerifyWithItsPlace() throws Exception {
    Path place = place(memory);
    Path region = place.resolve(TestedPlace.FOLDER).resolve("worker1-region.pmem");
    runUntilPromised(place, region);
    byte[] content = Files.readAllBytes(region);
    Arrays.fill(content, 4096, 16384, (byte) 0);
    Files.write(region, content);
    CampaignReport report = run(options(0, false, true, place));
    assertThat(report.verdict()).isEqualTo(CutOutcome.FINDING);
    assertThat(report.detail()).contains("region of worker 1 at " + region).contains("offset ");
  }

  /** A file system without a journal answers so where it lost an inode: nobody's loss yet. */
  @Test
  void aLockThatCannotBeOpenedAsksForACheckOfTheFileSystem() throws Exception {
    Path place = place(memory);
    run(options(1, false, false, place));
    Path lock = place.resolve(TestedPlace.FOLDER).resolve("lock");
    Files.delete(lock);
    Files.createDirectory(lock);
    assertThatThrownBy(() -> run(options(0, false, true, place)))
        .isInstanceOf(CampaignException.class)
        .hasMessageContaining(lock + ": ")
        .hasMessageContaining("is checked before it is mounted: fsck DEVICE");
    Files.delete(lock);
    assertThat(run(options(0, false, true, place)).verdict()).isEqualTo(CutOutcome.HELD);
  }

  @Test
  void aRemovedFileIsALoss() throws Exception {
    Path place = place(memory);
    Path map = place.resolve(TestedPlace.FOLDER).resolve("worker0-map.pmem");
    runUntilPromised(place, map);
    Files.delete(map);
    CampaignReport report = run(options(0, false, true, place));
    assertThat(report.verdict()).isEqualTo(CutOutcome.FINDING);
    assertThat(report.detail()).contains("is not there");
  }

  @Test
  void aJournalOfAnotherPlaceIsRefused() throws Exception {
    Path place = place(memory);
    run(options(1, false, false, place));
    Path moved = memory.resolve("moved");
    Files.move(place.resolve(TestedPlace.FOLDER), moved);
    assertThatThrownBy(() -> run(options(1, true, false, place)))
        .isInstanceOf(CampaignException.class)
        .hasMessageContaining("holds no campaign, and the journal is of campaign");
    Files.createDirectories(place.resolve(TestedPlace.FOLDER));
    Files.writeString(place.resolve(TestedPlace.FOLDER).resolve("campaign"), "other");
    assertThatThrownBy(() -> run(options(1, true, false, place)))
        .hasMessageContaining("holds campaign other");
    assertThatThrownBy(() -> run(options(1, true, false, place(disk))))
        .hasMessageContaining("name the same paths in the same order");
  }

  @Test
  void aJournalThatEndsBeforeTheStateIsNoFinding() throws Exception {
    Path place = place(memory);
    run(options(2, false, false, place));
    byte[] whole = Files.readAllBytes(journal);
    int lanes = new String(whole, StandardCharsets.US_ASCII).indexOf(" intends ");
    for (int length = 0; length < whole.length; length += 1 + whole.length / 12) {
      Files.write(journal, Arrays.copyOf(whole, length));
      if (length <= lanes) {
        continue; // the test of the journal itself has these
      }
      try {
        CampaignReport report = run(options(0, false, true, place));
        assertThat(report.verdict()).as("length %d", length).isEqualTo(CutOutcome.HELD);
      } catch (CampaignException refused) {
        assertThat(refused).hasMessageContaining("is the last that the journal knows");
      }
    }
  }

  @Test
  void badPathsAreRefusedInWords() throws Exception {
    Path place = place(memory);
    assertThatThrownBy(() -> run(options(1, false, false, place.resolve("absent"))))
        .hasMessageContaining("is not there: mount the file system");
    Path file = Files.createFile(place.resolve("file"));
    assertThatThrownBy(() -> run(options(1, false, false, file)))
        .hasMessageContaining("neither a folder nor a DAX character device");
    run(options(1, false, false, place));
    journal = memory.resolve("second");
    assertThatThrownBy(() -> run(options(1, false, false, place)))
        .hasMessageContaining("has a campaign: continue it with --resume");
  }

  @Test
  void aPlaceInUseIsRefused() throws Exception {
    Path place = place(memory);
    run(options(1, false, false, place));
    CampaignOptions again = options(1, true, false, place);
    Path copy = Files.copy(journal, memory.resolve("copy"));
    try (DeviceCampaign first = open(again, Worker.class)) {
      journal = copy;
      assertThatThrownBy(() -> run(again)).hasMessageContaining("in use by another campaign");
      assertThat(first.run().cuts()).isEqualTo(2);
    }
  }
}
