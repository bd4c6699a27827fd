// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.device;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** The hardware that devices share: whole disks below partitions and mappers, and modules. */
public final class BlockDevices {
  private BlockDevices() {}

  /**
   * Returns the names of the disks and modules below a device; its number if it has none, as tmpfs.
   *
   * @param sys where sysfs is mounted, or a copy of it
   */
  public static Set<String> parts(Path sys, DeviceNumber device) throws IOException {
    Set<String> parts = new TreeSet<>();
    Path link = sys.resolve("dev").resolve(device.table().folder()).resolve(device.text());
    if (!Files.exists(link)) {
      parts.add(device.text());
      return parts;
    }
    collect(link.toRealPath(), parts);
    for (PmemDevice memory : PmemDevice.below(sys, device.table(), device.text())) {
      memory.modules().forEach(module -> parts.add(module.name()));
    }
    return parts;
  }

  private static void collect(Path device, Set<String> to) throws IOException {
    Path parent = device.getParent();
    if (parent != null && Files.exists(device.resolve("partition"))) {
      collect(parent, to);
      return;
    }
    boolean mapped = false;
    Path slaves = device.resolve("slaves");
    if (Files.isDirectory(slaves)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(slaves)) {
        for (Path slave : entries) {
          mapped = true;
          collect(slave.toRealPath(), to);
        }
      }
    }
    if (!mapped) {
      to.add(String.valueOf(device.getFileName()));
    }
  }

  /** Returns the first byte of a partition on its disk; 0 for a whole disk. */
  public static long startBytes(Path sys, DeviceNumber device) {
    Path link = sys.resolve("dev").resolve(device.table().folder()).resolve(device.text());
    OptionalLong start = new SysfsFolder(link).number("start");
    return start.orElse(0) * BadRange.SECTOR_BYTES;
  }
}
