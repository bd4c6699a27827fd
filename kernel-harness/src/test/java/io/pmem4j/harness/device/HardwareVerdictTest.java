// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.device.HardwareVerdict.Kind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each value of each attribute has its consequence, and a healthy machine no refusal. */
class HardwareVerdictTest {
  @TempDir private Path folder;
  private FakeSysfs sysfs;

  @BeforeEach
  void aHealthyMachine() throws Exception {
    sysfs = new FakeSysfs(folder);
  }

  private List<String> words(Kind kind) throws Exception {
    return HardwareVerdict.of(sysfs.device()).stream()
        .filter(verdict -> verdict.kind() == kind)
        .map(HardwareVerdict::words)
        .toList();
  }

  @Test
  void aHealthyMachineHasItsDomainAsTheOneNote() throws Exception {
    assertThat(words(Kind.REFUSAL)).isEmpty();
    assertThat(words(Kind.NOTE))
        .singleElement()
        .asString()
        .startsWith("persistence_domain memory_controller: a line is durable once it has been");
  }

  @ParameterizedTest
  @ValueSource(strings = {"not_armed", "save_fail", "restore_fail", "flush_fail", "map_fail"})
  void aFailedModuleIsRefused(String flag) throws Exception {
    sysfs.set(FakeSysfs.MODULE + "nfit/flags", flag + " smart_event ");
    assertThat(words(Kind.REFUSAL))
        .singleElement()
        .asString()
        .startsWith("nmem0: " + flag + ": the module does not keep its content");
    assertThat(words(Kind.NOTE)).anyMatch(note -> note.startsWith("nmem0: smart_event: "));
  }

  @Test
  void readOnlyIsRefused() throws Exception {
    sysfs.set(FakeSysfs.REGION + "read_only", "1");
    assertThat(words(Kind.REFUSAL)).singleElement().asString().startsWith("pmem0 is read-only");
  }

  @Test
  void ordinaryMemoryIsRefused() throws Exception {
    sysfs.set(FakeSysfs.REGION + "mappings", "0");
    assertThat(words(Kind.REFUSAL)).singleElement().asString().startsWith("region0 has no module");
  }

  @Test
  void aSwitchedOffWriteBackIsRefusedUnlessCachesAreKept() throws Exception {
    sysfs.set(FakeSysfs.DISK + "dax/write_cache", "0");
    assertThat(words(Kind.REFUSAL))
        .singleElement()
        .asString()
        .contains("fsync and msync are not durable")
        .endsWith("/sys/block/pmem0/dax/write_cache");
    sysfs.remove(FakeSysfs.REGION + "persistence_domain");
    assertThat(words(Kind.REFUSAL)).hasSize(1);
    sysfs.set(FakeSysfs.REGION + "persistence_domain", "cpu_cache");
    assertThat(words(Kind.REFUSAL)).isEmpty();
    assertThat(words(Kind.NOTE)).anyMatch(note -> note.contains("a fence is enough"));
  }

  @Test
  void absentStatementsAreNamedAsSuch() throws Exception {
    sysfs.remove(FakeSysfs.REGION + "persistence_domain");
    sysfs.remove(FakeSysfs.REGION + "deep_flush");
    sysfs.remove(FakeSysfs.MODULE + "nfit/dirty_shutdown");
    assertThat(words(Kind.REFUSAL)).isEmpty();
    assertThat(words(Kind.NOTE))
        .anyMatch(
            note -> note.startsWith("persistence_domain is absent: the platform does not say"))
        .anyMatch(note -> note.startsWith("deep_flush is absent"))
        .anyMatch(note -> note.startsWith("nmem0 does not count dirty shutdowns"))
        .hasSize(3);
    sysfs.set(FakeSysfs.REGION + "persistence_domain", "battery");
    assertThat(words(Kind.NOTE)).anyMatch(note -> note.contains("a word that is not known here"));
  }

  @Test
  void lossesAndUnreadableRangesAreNoted() throws Exception {
    sysfs.set(FakeSysfs.MODULE + "nfit/dirty_shutdown", "2");
    sysfs.set(FakeSysfs.REGION + "badblocks", "4096 8");
    sysfs.set(FakeSysfs.BUS + "nfit/scrub", "0+");
    sysfs.set(FakeSysfs.REGION + "deep_flush", "1");
    assertThat(words(Kind.REFUSAL)).isEmpty();
    assertThat(words(Kind.NOTE))
        .anyMatch(note -> note.startsWith("nmem0 has counted 2 dirty shutdowns"))
        .anyMatch(note -> note.startsWith("region0 has unreadable ranges, in bytes 2097152+4096:"))
        .anyMatch(note -> note.startsWith("a scrub is running"))
        .anyMatch(note -> note.startsWith("deep_flush is 1"));
    sysfs.set(FakeSysfs.DISK + "badblocks", "8 1");
    assertThat(words(Kind.NOTE))
        .anyMatch(note -> note.startsWith("pmem0 has unreadable ranges, in bytes 4096+512:"));
  }
}
