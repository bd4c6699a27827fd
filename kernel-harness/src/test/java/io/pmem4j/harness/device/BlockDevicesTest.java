// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.device.PmemDevice.Numbers;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices share a disk or a module if one cut may take both. */
class BlockDevicesTest {
  @TempDir private Path folder;
  private FakeSysfs sysfs;

  @BeforeEach
  void aMachineWithADiskAndAnNvdimm() throws Exception {
    sysfs = new FakeSysfs(folder);
    sysfs.set("devices/pci0/block/sda/sda1/partition", "1");
    sysfs.set("devices/pci0/block/sda/sda1/start", "2048");
    sysfs.link("dev/block/8:0", "devices/pci0/block/sda");
    sysfs.link("dev/block/8:1", "devices/pci0/block/sda/sda1");
    sysfs.set("devices/virtual/block/dm-0/size", "1");
    sysfs.link("devices/virtual/block/dm-0/slaves/sda1", "devices/pci0/block/sda/sda1");
    sysfs.link("dev/block/252:0", "devices/virtual/block/dm-0");
  }

  private Set<String> parts(String number) throws Exception {
    return BlockDevices.parts(folder, new DeviceNumber(Numbers.BLOCK, number));
  }

  @Test
  void aPartitionAndAMapperAreTheirDisk() throws Exception {
    assertThat(parts("8:0")).containsExactly("sda");
    assertThat(parts("8:1")).containsExactly("sda");
    assertThat(parts("252:0")).containsExactly("sda");
  }

  @Test
  void persistentMemoryIsItsModulesToo() throws Exception {
    assertThat(parts("259:0")).containsExactly("nmem0", "pmem0");
  }

  @Test
  void aFileSystemWithoutADeviceIsItsNumber() throws Exception {
    assertThat(parts("0:45")).containsExactly("0:45");
  }

  @Test
  void aPartitionStartsWhereTheKernelSays() {
    assertThat(BlockDevices.startBytes(folder, new DeviceNumber(Numbers.BLOCK, "8:1")))
        .isEqualTo(2048 * 512);
    assertThat(BlockDevices.startBytes(folder, new DeviceNumber(Numbers.BLOCK, "8:0"))).isZero();
  }
}
