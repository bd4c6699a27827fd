// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.campaign.journal.JournalRecord.Acknowledged;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutBegun;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutJudged;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutKind;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import io.pmem4j.harness.campaign.journal.JournalRecord.Hardware;
import io.pmem4j.harness.campaign.journal.JournalRecord.Header;
import io.pmem4j.harness.campaign.journal.JournalRecord.Intended;
import io.pmem4j.harness.campaign.journal.JournalRecord.LaneDeclared;
import io.pmem4j.harness.campaign.journal.JournalRecord.Recovered;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal gives back what was appended, and tells a torn tail from damage. */
class JournalTest {
  private static final List<JournalRecord> ALL =
      List.of(
          new Header("name", -7, List.of("/with blank", "/mnt")),
          new LaneDeclared(0, List.of("ring", "/x y", "-1")),
          new Hardware(Map.of("boot_id", "a=b", "pmem0.flags", "")),
          new Intended(0, 1),
          new Acknowledged(0, 1),
          new Intended(0, 2),
          new CutBegun(1, CutKind.POINT, "BEFORE_STORE"),
          new Recovered(0, 1),
          new CutJudged(1, CutOutcome.HELD, ""));

  @TempDir private Path folder;

  private Path written() throws IOException {
    Path path = folder.resolve("journal");
    try (JournalFile journal = JournalFile.create(path)) {
      journal.append(ALL.getFirst());
      journal.append(ALL.subList(1, ALL.size()).toArray(JournalRecord[]::new));
    }
    return path;
  }

  private static List<JournalRecord> read(Path path) throws IOException {
    List<JournalRecord> records = new ArrayList<>();
    JournalFile.resume(path, records::add).close();
    return records;
  }

  @Test
  void everyRecordComesBackAndTheNextOnesFollow() throws Exception {
    Path path = written();
    assertThat(read(path)).isEqualTo(ALL);
    try (JournalFile journal = JournalFile.resume(path, record -> {})) {
      journal.append(new Intended(3, 9));
    }
    assertThat(read(path)).hasSize(ALL.size() + 1).endsWith(new Intended(3, 9));
  }

  @Test
  void atEveryLengthACutShortJournalHasItsWholeRecordsAndContinues() throws Exception {
    byte[] whole = Files.readAllBytes(written());
    Path path = folder.resolve("short");
    int before = 0;
    for (int length = 0; length <= whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      List<JournalRecord> records = read(path);
      assertThat(records).as("length %d", length).isEqualTo(ALL.subList(0, records.size()));
      assertThat(records.size()).isBetween(before, before + 1);
      before = records.size();
      try (JournalFile journal = JournalFile.resume(path, record -> {})) {
        journal.append(new Acknowledged(1, 1));
      }
      assertThat(read(path)).hasSize(records.size() + 1).endsWith(new Acknowledged(1, 1));
    }
    assertThat(before).isEqualTo(ALL.size());
  }

  @Test
  void aJournalWithoutItsFirstRecordIsRefusedInWords() {
    assertThatThrownBy(() -> new CampaignRecord().header())
        .isInstanceOf(JournalException.class)
        .hasMessageContaining("has no first record");
  }

  @Test
  void aTornTailOfZerosOrOldBytesIsCutOff() throws Exception {
    Path path = written();
    byte[] whole = Files.readAllBytes(path);
    byte[] tail = Arrays.copyOf(whole, whole.length + 100);
    System.arraycopy(whole, 0, tail, whole.length + 20, 60);
    Files.write(path, tail);
    assertThat(read(path)).isEqualTo(ALL);
    assertThat(Files.readAllBytes(path)).isEqualTo(whole);
  }

  @Test
  void damageBeforeTheTailIsRefusedAndNothingIsCutOff() throws Exception {
    Path path = folder.resolve("long");
    try (JournalFile journal = JournalFile.create(path)) {
      journal.append(
          IntStream.rangeClosed(1, 5000)
              .mapToObj(n -> new Intended(1, n))
              .toArray(JournalRecord[]::new));
    }
    byte[] good = Files.readAllBytes(path);
    for (int at = 100; at < 130; at++) { // each byte of a line
      byte[] bad = good.clone();
      bad[at] ^= 1;
      Files.write(path, bad);
      assertThatThrownBy(() -> read(path))
          .as("byte %d", at)
          .isInstanceOf(JournalException.class)
          .hasMessageContaining("it is not only its tail that is torn");
      assertThat(path).hasSize(good.length);
    }
  }

  @Test
  void anotherVersionAndUnknownWordsAreNamed() {
    assertThatThrownBy(() -> JournalRecord.of(List.of("campaign", "2", "name", "1")))
        .hasMessage("journal of version 2, expected 1");
    assertThatThrownBy(() -> JournalRecord.of(List.of("cut", "1", "flood", "")))
        .hasMessage("unknown word 'flood'");
    assertThatThrownBy(() -> JournalRecord.of(List.of("song"))).hasMessage("unknown record 'song'");
    assertThatThrownBy(() -> JournalRecord.of(List.of("done", "1")))
        .hasMessage("record [done, 1] is too short");
  }

  @Test
  void twoCampaignsDoNotShareAJournal() throws Exception {
    Path path = written();
    assertThatThrownBy(() -> JournalFile.create(path))
        .isInstanceOf(JournalException.class)
        .hasMessageContaining("--resume");
    try (JournalFile open = JournalFile.resume(path, record -> {})) {
      assertThatThrownBy(() -> JournalFile.resume(path, record -> {}))
          .isInstanceOf(JournalException.class)
          .hasMessageContaining("in use by another campaign");
      open.append(new Intended(1, 1));
    }
    assertThatThrownBy(() -> read(folder.resolve("absent")))
        .isInstanceOf(JournalException.class)
        .hasMessageContaining("there is no journal");
  }

  @Test
  void aFullDiskIsAnError() {
    assertThatThrownBy(
            () -> {
              try (JournalFile journal = JournalFile.create(Path.of("/dev/full"))) {
                journal.append(ALL.getFirst());
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No space left");
  }

  @Test
  void theRecordKnowsWhatIsPromised() {
    CampaignRecord record = new CampaignRecord();
    ALL.forEach(record::add);
    assertThat(record.promised(0)).isEqualTo(1);
    assertThat(record.intended(0)).isEqualTo(2);
    assertThat(record.openCut()).isEmpty();
    assertThat(record.worked()).isFalse();
    record.add(new Intended(0, 3));
    assertThat(record.worked()).isTrue();
    record.add(new Recovered(0, 3));
    assertThat(record.promised(0)).isEqualTo(3);
    record.add(new CutBegun(2, CutKind.KILL, ""));
    assertThat(record.openCut()).map(CutBegun::cut).contains(2);
    assertThat(record.heldByKind()).isEqualTo(Map.of("point", 1));
  }

  @Test
  void theFormatIsOneLineARecord() throws Exception {
    String text = Files.readString(written(), StandardCharsets.US_ASCII);
    assertThat(text.lines()).hasSize(ALL.size());
    assertThat(text.lines().toList().getFirst())
        .matches("[0-9a-f]{8} 0 campaign 1 name -7 %2Fwith\\+blank %2Fmnt");
  }
}
