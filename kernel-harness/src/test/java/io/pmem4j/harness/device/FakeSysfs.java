// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A tree as sysfs has it for one NVDIMM of 64 MiB with an fsdax namespace; healthy at first. */
public final class FakeSysfs {
  public static final String REGION = "devices/ACPI0012:00/ndbus0/region0/";
  public static final String MODULE = "devices/ACPI0012:00/ndbus0/nmem0/";
  public static final String BUS = "devices/ACPI0012:00/ndbus0/";
  public static final String DISK = REGION + "pfn0.0/block/pmem0/";

  /** Stands for {@code /sys}. */
  public final Path root;

  /** Fills an empty folder. */
  public FakeSysfs(Path root) throws IOException {
    this.root = root;
    set(BUS + "provider", "ACPI.NFIT");
    set(BUS + "nfit/scrub", "1");
    set(MODULE + "nfit/flags", "");
    set(MODULE + "nfit/id", "8680-56341200");
    set(MODULE + "nfit/serial", "0x56341200");
    set(MODULE + "nfit/dirty_shutdown", "0");
    set(REGION + "mappings", "1");
    set(REGION + "mapping0", "nmem0,0,67108864,0");
    set(REGION + "persistence_domain", "memory_controller");
    set(REGION + "deep_flush", "0");
    set(REGION + "read_only", "0");
    set(REGION + "size", "67108864");
    set(REGION + "align", "0x1000000");
    set(REGION + "badblocks", "");
    set(REGION + "pfn0.0/align", "2097152");
    set(DISK + "ro", "0");
    set(DISK + "badblocks", "");
    set(DISK + "dax/write_cache", "1");
    link("dev/block/259:0", DISK);
  }

  /** Gives an attribute its content. */
  public void set(String attribute, String content) throws IOException {
    Path file = root.resolve(attribute);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content + "\n");
  }

  /** Takes an attribute away. */
  public void remove(String attribute) throws IOException {
    Files.delete(root.resolve(attribute));
  }

  /** Makes a symbolic link. */
  public void link(String from, String to) throws IOException {
    Path link = root.resolve(from);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, link.getParent().relativize(root.resolve(to)));
  }

  PmemDevice device() throws IOException {
    List<PmemDevice> devices = below("259:0");
    if (devices.size() != 1) {
      throw new IllegalStateException("devices: " + devices);
    }
    return devices.getFirst();
  }

  List<PmemDevice> below(String number) throws IOException {
    return PmemDevice.below(root, PmemDevice.Numbers.BLOCK, number);
  }
}
