// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each attribute of sysfs becomes the part of the record that is named after it. */
class PmemDeviceTest {
  @TempDir private Path folder;
  private FakeSysfs sysfs;

  @BeforeEach
  void aHealthyMachine() throws Exception {
    sysfs = new FakeSysfs(folder);
  }

  @Test
  void theRecordHasAllThatTheTreeStates() throws Exception {
    PmemDevice device = sysfs.device();
    assertThat(device.name()).isEqualTo("pmem0");
    assertThat(device.namespace()).isEqualTo("pfn0.0");
    assertThat(device.mode()).isEqualTo("fsdax");
    assertThat(device.region()).isEqualTo("region0");
    assertThat(device.provider()).isEqualTo("ACPI.NFIT");
    assertThat(device.domain()).contains(PersistenceDomain.MEMORY_CONTROLLER);
    assertThat(device.writeCache()).contains(true);
    assertThat(device.deepFlush()).contains(false);
    assertThat(device.readOnly()).isFalse();
    assertThat(device.sizeBytes()).hasValue(64 << 20);
    assertThat(device.alignBytes()).hasValue(2 << 20);
    assertThat(device.badRanges()).isEmpty();
    assertThat(device.scrub()).contains(new ScrubState(1, false));
    NvdimmModule module = device.modules().getFirst();
    assertThat(device.modules()).hasSize(1);
    assertThat(module.name()).isEqualTo("nmem0");
    assertThat(module.bus()).isEqualTo("nfit");
    assertThat(module.flags()).isEmpty();
    assertThat(module.dirtyShutdowns()).hasValue(0);
    assertThat(module.identity()).containsEntry("serial", "0x56341200").hasSize(2);
  }

  @Test
  void changedAttributesAreSeen() throws Exception {
    sysfs.set(FakeSysfs.REGION + "persistence_domain", "cpu_cache");
    sysfs.set(FakeSysfs.DISK + "dax/write_cache", "0");
    sysfs.set(FakeSysfs.REGION + "deep_flush", "1");
    sysfs.set(FakeSysfs.DISK + "ro", "1");
    sysfs.set(FakeSysfs.MODULE + "nfit/flags", "save_fail not_armed ");
    sysfs.set(FakeSysfs.MODULE + "nfit/dirty_shutdown", "7");
    sysfs.set(FakeSysfs.DISK + "badblocks", "16424 8\n20000 1");
    sysfs.set(FakeSysfs.REGION + "badblocks", "20520 8");
    sysfs.set(FakeSysfs.BUS + "nfit/scrub", "3+");
    PmemDevice device = sysfs.device();
    assertThat(device.domain()).contains(PersistenceDomain.CPU_CACHE);
    assertThat(device.writeCache()).contains(false);
    assertThat(device.deepFlush()).contains(true);
    assertThat(device.readOnly()).isTrue();
    assertThat(device.modules().getFirst().flags()).containsExactly("save_fail", "not_armed");
    assertThat(device.modules().getFirst().dirtyShutdowns()).hasValue(7);
    assertThat(device.badRanges()).containsExactly(new BadRange(16424, 8), new BadRange(20000, 1));
    assertThat(device.badRanges().getFirst()).hasToString("8409088+4096");
    assertThat(device.regionBadRanges()).containsExactly(new BadRange(20520, 8));
    assertThat(device.scrub()).contains(new ScrubState(3, true));
  }

  @Test
  void absentAttributesAreUnknownAndNotZero() throws Exception {
    sysfs.remove(FakeSysfs.REGION + "persistence_domain");
    sysfs.remove(FakeSysfs.REGION + "deep_flush");
    sysfs.remove(FakeSysfs.DISK + "dax/write_cache");
    sysfs.remove(FakeSysfs.MODULE + "nfit/dirty_shutdown");
    sysfs.remove(FakeSysfs.BUS + "nfit/scrub");
    sysfs.remove(FakeSysfs.REGION + "pfn0.0/align");
    PmemDevice device = sysfs.device();
    assertThat(device.domain()).contains(PersistenceDomain.UNSTATED);
    assertThat(device.writeCache()).isEmpty();
    assertThat(device.deepFlush()).isEmpty();
    assertThat(device.modules().getFirst().dirtyShutdowns()).isEqualTo(OptionalLong.empty());
    assertThat(device.scrub()).isEmpty();
    assertThat(device.alignBytes()).as("of the region, hexadecimal").hasValue(16 << 20);
    sysfs.set(FakeSysfs.REGION + "persistence_domain", "battery");
    assertThat(sysfs.device().domain()).isEqualTo(Optional.empty());
  }

  @Test
  void cxlModulesHaveTheirOwnFolder() throws Exception {
    sysfs.set(FakeSysfs.BUS + "nmem1/cxl/id", "1");
    sysfs.set(FakeSysfs.BUS + "nmem1/cxl/dirty_shutdown", "2");
    sysfs.set(FakeSysfs.REGION + "mapping0", "nmem1,0,67108864,0");
    NvdimmModule module = sysfs.device().modules().getFirst();
    assertThat(module.bus()).isEqualTo("cxl");
    assertThat(module.dirtyShutdowns()).hasValue(2);
    assertThat(module.identity()).containsEntry("id", "1");
  }

  @Test
  void partitionsAndDeviceMappersLeadToTheDisk() throws Exception {
    sysfs.set(FakeSysfs.DISK + "pmem0p1/partition", "1");
    sysfs.link("dev/block/259:1", FakeSysfs.DISK + "pmem0p1");
    assertThat(sysfs.below("259:1")).extracting(PmemDevice::name).containsExactly("pmem0");
    assertThat(sysfs.below("259:1").getFirst().writeCache()).contains(true);
    sysfs.link("devices/virtual/block/dm-0/slaves/pmem0", FakeSysfs.DISK);
    sysfs.link("dev/block/254:0", "devices/virtual/block/dm-0");
    assertThat(sysfs.below("254:0")).extracting(PmemDevice::name).containsExactly("pmem0");
  }

  @Test
  void otherDevicesHaveNone() throws Exception {
    Files.createDirectories(folder.resolve("devices/virtual/block/loop0"));
    sysfs.link("dev/block/7:0", "devices/virtual/block/loop0");
    assertThat(sysfs.below("7:0")).isEmpty();
    assertThat(sysfs.below("0:40")).as("of no device").isEmpty();
  }

  @Test
  void daxDevicesAreCharacterDevices() throws Exception {
    sysfs.set(FakeSysfs.REGION + "dax0.0/dax0.0/dax/size", "0");
    sysfs.link("dev/char/252:0", FakeSysfs.REGION + "dax0.0/dax/dax0.0");
    sysfs.set(FakeSysfs.REGION + "dax0.0/dax/dax0.0/size", "65011712");
    sysfs.set(FakeSysfs.REGION + "dax0.0/align", "2097152");
    List<PmemDevice> devices = PmemDevice.below(folder, PmemDevice.Numbers.CHARACTER, "252:0");
    assertThat(devices).hasSize(1);
    assertThat(devices.getFirst().name()).isEqualTo("dax0.0");
    assertThat(devices.getFirst().mode()).isEqualTo("devdax");
    assertThat(devices.getFirst().writeCache()).isEmpty();
  }

  @Test
  void aListOfAnotherFormatIsNamed() throws Exception {
    sysfs.set(FakeSysfs.DISK + "badblocks", "16424 8\nsome more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sysfs.device())
        .withMessage("badblocks: line 'some more', expected a sector and a count");
  }

  @Test
  void aBootHasItsIdentity() throws Exception {
    Path proc = folder.resolve("proc");
    Files.createDirectories(proc.resolve("sys/kernel/random"));
    Files.writeString(proc.resolve("sys/kernel/random/boot_id"), "475b4917\n");
    Files.writeString(proc.resolve("sys/kernel/osrelease"), "5.10.262\n");
    assertThat(BootIdentity.read(proc)).isEqualTo(new BootIdentity("475b4917", "5.10.262", ""));
    assertThat(BootIdentity.current().bootId()).hasSize(36);
  }
}
