// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.campaign.CampaignOptions.Allowances;
import io.pmem4j.harness.campaign.journal.CampaignRecord;
import io.pmem4j.harness.campaign.journal.JournalFile;
import io.pmem4j.harness.campaign.journal.JournalPlace;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutBegun;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutKind;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.work.Worker;
import io.pmem4j.harness.device.BadRange;
import io.pmem4j.harness.device.FakeSysfs;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each attribute of the hardware is flipped once: refused at the begin, or decisive after a cut.
 * The cut is a power cut that is written into the journal, as the machine under test would leave
 * it.
 */
@Tag("powercuts")
class HardwareRowsIT {
  private static final String NMEM = FakeSysfs.MODULE + "nfit/";

  @TempDir private Path folder;
  private Path place;
  private Path journal;
  private FakeMachine fake;

  @BeforeEach
  void aHealthyMachine() throws IOException {
    place = Files.createDirectory(folder.resolve("place"));
    journal = folder.resolve("journal");
    fake = new FakeMachine(folder, place);
  }

  private CampaignOptions options(int cuts, boolean verify, boolean notPersistent) {
    return new CampaignOptions(
        List.of(place),
        1,
        Duration.ofMinutes(5),
        cuts,
        3,
        Optional.empty(),
        0,
        verify,
        false,
        new Allowances(true, notPersistent, false));
  }

  private CampaignReport run(CampaignOptions options) throws Exception {
    try (DeviceCampaign campaign =
        new DeviceCampaign(
            options,
            new JournalPlace.File(journal),
            fake.machine(),
            WorkerCommand.of(Worker.class))) {
      CampaignReport report = campaign.run();
      notes = campaign.notes();
      return report;
    }
  }

  private List<String> notes = List.of();

  private CampaignReport begin() throws Exception {
    return run(options(0, false, false));
  }

  private void refused(String words) {
    assertThatThrownBy(this::begin)
        .isInstanceOf(CampaignException.class)
        .hasMessageContaining(words);
    assertThat(journal).doesNotExist();
    assertThat(place).isEmptyDirectory();
  }

  /** A campaign whose machine was cut off and has come back. */
  private void cut() throws Exception {
    begin();
    cutAgain(1);
    fake.boot("boot-2");
  }

  private void cutAgain(int number) throws IOException {
    try (JournalFile open = JournalFile.resume(journal, record -> {})) {
      open.append(new CutBegun(number, CutKind.POWER, ""));
    }
  }

  private CampaignReport verify() throws Exception {
    return run(options(0, true, false));
  }

  private void decides(CutOutcome outcome, String words) throws Exception {
    CampaignReport report = verify();
    assertThat(report.verdict()).as(report.detail()).isEqualTo(outcome);
    assertThat(report.detail()).contains(words);
    assertThat(report.cuts()).isZero();
  }

  @Test
  void aHealthyMachineHoldsAndItsDomainIsInTheVerdict() throws Exception {
    cut();
    CampaignReport report = verify();
    assertThat(report.verdict()).isEqualTo(CutOutcome.HELD);
    assertThat(report.byKind()).isEqualTo(Map.of("power", 1));
    assertThat(report.words()).endsWith("persistence: pmem0 memory_controller");
  }

  @Test
  void persistenceDomainThatIsAbsentIsWordedAsSuch() throws Exception {
    fake.sysfs.remove(FakeSysfs.REGION + "persistence_domain");
    assertThat(begin().words()).endsWith("pmem0 platform does not say").doesNotContain("ADR");
  }

  @Test
  void persistenceDomainThatChangesIsAnotherMachine() throws Exception {
    cut();
    fake.sysfs.set(FakeSysfs.REGION + "persistence_domain", "cpu_cache");
    decides(CutOutcome.ENVIRONMENT, "pmem0.persistence_domain was memory_controller, is cpu_cache");
  }

  @Test
  void writeCacheOfZeroIsRefusedWithoutCpuCache() throws Exception {
    fake.sysfs.set(FakeSysfs.DISK + "dax/write_cache", "0");
    refused("write_cache is 0");
    fake.sysfs.set(FakeSysfs.REGION + "persistence_domain", "cpu_cache");
    assertThat(begin().verdict()).isEqualTo(CutOutcome.HELD);
  }

  @Test
  void writeCacheThatAnAdministratorTurnsOffIsSeen() throws Exception {
    cut();
    fake.sysfs.set(FakeSysfs.DISK + "dax/write_cache", "0");
    decides(CutOutcome.ENVIRONMENT, "pmem0.write_cache was 1, is 0");
  }

  @Test
  void deepFlushOfOneLetsTheLanesFlushDeep() throws Exception {
    fake.sysfs.set(FakeSysfs.REGION + "deep_flush", "1");
    assertThat(begin().verdict()).isEqualTo(CutOutcome.HELD);
    CampaignRecord record = new CampaignRecord();
    JournalFile.resume(journal, record::add).close();
    assertThat(record.lanes().values()).allMatch(words -> words.getLast().equals("true"));
    assertThat(record.hardware().orElseThrow()).containsEntry("pmem0.deep_flush", "1");
  }

  @Test
  void modulesThatAreNotArmedAreRefused() throws Exception {
    for (String flag :
        List.of("not_armed", "save_fail", "restore_fail", "flush_fail", "map_fail")) {
      fake.sysfs.set(NMEM + "flags", flag + " ");
      refused("nmem0: " + flag);
    }
    fake.sysfs.set(NMEM + "flags", "smart_event ");
    assertThat(begin().verdict()).isEqualTo(CutOutcome.HELD);
    assertThat(notes).anyMatch(note -> note.contains("smart_event"));
  }

  @Test
  void aModuleThatFailsAtTheCutIsThePlatformsLoss() throws Exception {
    cut();
    fake.sysfs.set(NMEM + "flags", "save_fail smart_event ");
    decides(CutOutcome.PLATFORM, "pmem0.nmem0.flags has save_fail now");
  }

  @Test
  void readOnlyRegionsAndDisksAreRefusedEvenOnPurpose() throws Exception {
    fake.sysfs.set(FakeSysfs.REGION + "read_only", "1");
    refused("is read-only");
    fake.sysfs.set(FakeSysfs.REGION + "read_only", "0");
    fake.sysfs.set(FakeSysfs.DISK + "ro", "1");
    refused("is read-only");
    assertThatThrownBy(() -> run(options(0, false, true))).hasMessageContaining("is read-only");
  }

  @Test
  void aDirtyShutdownOfNfitVoidsTheCut() throws Exception {
    cut();
    fake.sysfs.set(NMEM + "dirty_shutdown", "1");
    decides(CutOutcome.PLATFORM, "pmem0.nmem0.dirty_shutdown was 0, is 1: the platform lost");
    // It stays void, also once the count is known.
    assertThat(verify().verdict()).isEqualTo(CutOutcome.PLATFORM);
  }

  @Test
  void aDirtyShutdownOfNfitNeverFalls() throws Exception {
    fake.sysfs.set(NMEM + "dirty_shutdown", "5");
    cut();
    fake.sysfs.set(NMEM + "dirty_shutdown", "4");
    decides(CutOutcome.ENVIRONMENT, "never counts backwards");
  }

  @Test
  void aDirtyShutdownOfCxlWraps() throws Exception {
    cxl("255");
    cut();
    cxl("0");
    decides(
        CutOutcome.PLATFORM, "pmem0.nmem0.dirty_shutdown was 255, is 0 (the count of CXL wraps)");
  }

  /** The module is one of CXL from now on. */
  private void cxl(String dirtyShutdowns) throws IOException {
    Path nfit = fake.sysfs.root.resolve(NMEM);
    if (Files.exists(nfit)) {
      Files.move(nfit, folder.resolve("nfit"));
    }
    fake.sysfs.set(FakeSysfs.MODULE + "cxl/dirty_shutdown", dirtyShutdowns);
    fake.sysfs.set(FakeSysfs.MODULE + "cxl/id", "0x1234");
  }

  @Test
  void otherModulesAreNoVerdictUntilTheOldOnesAreBack() throws Exception {
    cut();
    fake.sysfs.set(NMEM + "serial", "0x99");
    decides(CutOutcome.ENVIRONMENT, "other modules answer than before the cut");
    fake.sysfs.set(NMEM + "serial", "0x56341200");
    assertThat(verify().byKind()).isEqualTo(Map.of("power", 1));
  }

  @Test
  void poisonInATestedFileVoidsTheCutAndIsMappedToItsOffset() throws Exception {
    cut();
    Path region = place.resolve(TestedPlace.FOLDER).resolve("worker0-region.pmem");
    try (FileChannel file = FileChannel.open(region, StandardOpenOption.WRITE)) {
      file.force(true);
    }
    long at;
    try {
      FileExtents.Extent last = FileExtents.of(region).extents().getLast();
      at = last.deviceOffset();
      fake.sysfs.set(FakeSysfs.DISK + "badblocks", at / BadRange.SECTOR_BYTES + " 8");
      decides(
          CutOutcome.PLATFORM, "which are " + region + " from byte " + last.fileOffset() + " on");
    } catch (IOException noFiemap) {
      fake.sysfs.set(FakeSysfs.DISK + "badblocks", "4096 8");
      decides(CutOutcome.PLATFORM, "it is unknown which file has them");
    }
  }

  @Test
  void poisonElsewhereDecidesNothing() throws Exception {
    cut();
    fake.sysfs.set(FakeSysfs.DISK + "badblocks", "1 1");
    assertThat(verify().verdict()).isEqualTo(CutOutcome.HELD);
  }

  @Test
  void poisonThatWasThereBeforeTheCutDecidesNothing() throws Exception {
    fake.sysfs.set(FakeSysfs.DISK + "badblocks", "4096 8");
    cut();
    assertThat(verify().verdict()).isEqualTo(CutOutcome.HELD);
  }

  @Test
  void verificationWaitsForTheScrub() throws Exception {
    cut();
    fake.sysfs.set(FakeSysfs.BUS + "nfit/scrub", "0+");
    fake.pauses.clear();
    fake.meanwhile =
        () -> {
          if (fake.pauses.size() == 3) {
            try {
              fake.sysfs.set(FakeSysfs.BUS + "nfit/scrub", "1");
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    assertThat(verify().verdict()).isEqualTo(CutOutcome.HELD);
    assertThat(fake.pauses).hasSize(3);
  }

  @Test
  void aScrubThatDoesNotEndIsNamed() throws Exception {
    cut();
    fake.sysfs.set(FakeSysfs.BUS + "nfit/scrub", "0+");
    assertThatThrownBy(this::verify)
        .isInstanceOf(CampaignException.class)
        .hasMessageContaining("a scrub of the modules still runs after 1800 s");
  }

  @Test
  void alignmentSizeAndModeAreRecordedAndDoNotChange() throws Exception {
    cut();
    CampaignRecord record = new CampaignRecord();
    JournalFile.resume(journal, record::add).close();
    assertThat(record.hardware().orElseThrow())
        .containsEntry("pmem0.align", "2097152")
        .containsEntry("pmem0.size", "67108864")
        .containsEntry("pmem0.mode", "fsdax");
    fake.sysfs.set(FakeSysfs.REGION + "pfn0.0/align", "4096");
    decides(CutOutcome.ENVIRONMENT, "pmem0.align was 2097152, is 4096");
  }

  @Test
  void aCutWithoutAnotherBootIdDidNotHappen() throws Exception {
    begin();
    cutAgain(1);
    decides(CutOutcome.ENVIRONMENT, "no reboot happened: the boot id is still boot-1");
    // The next one is judged on its own.
    cutAgain(2);
    fake.boot("boot-2");
    assertThat(verify().byKind()).isEqualTo(Map.of("power", 1));
  }

  @Test
  void ordinaryMemoryThatPosesAsPersistentIsRefusedUnlessOnPurpose() throws Exception {
    fake.set("cmdline", "root=/dev/vda memmap=4G!12G");
    fake.sysfs.set(FakeSysfs.REGION + "mappings", "0");
    refused("region0 has no module: it is ordinary memory");
    assertThat(run(options(0, false, true)).verdict()).isEqualTo(CutOutcome.HELD);
    assertThat(notes)
        .anyMatch(note -> note.contains("allowed by --not-persistent-on-purpose"))
        .anyMatch(note -> note.startsWith("memmap= is on the kernel's command line"));
  }

  @Test
  void aJournalOnTheDeviceUnderTestIsRefused() {
    CampaignOptions strict =
        new CampaignOptions(
            List.of(place),
            1,
            Duration.ofMinutes(5),
            0,
            3,
            Optional.empty(),
            0,
            false,
            false,
            new Allowances(false, false, false));
    assertThatThrownBy(() -> run(strict))
        .isInstanceOf(CampaignException.class)
        .hasMessageContaining("is on the device of")
        .hasMessageContaining("(nmem0 pmem0)");
    assertThat(place).isEmptyDirectory();
  }
}
