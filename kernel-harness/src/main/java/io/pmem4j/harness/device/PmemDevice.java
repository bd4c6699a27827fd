// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A device of persistent memory, with its region and its modules, as sysfs states them at one
 * moment. Campaigns keep one before and one after each power cut.
 *
 * @param name such as {@code pmem0} or {@code dax0.0}
 * @param namespace the device that drives it, such as {@code pfn0.0}
 * @param mode {@code fsdax}, {@code devdax}, {@code sector}, or {@code raw}, which has no DAX
 * @param region the name of the region
 * @param provider of the region's bus, such as {@code ACPI.NFIT}
 * @param domain empty for a word of the kernel that is not known here
 * @param writeCache true if fsync and msync write cache lines back; empty for a character device
 * @param deepFlush true if the platform has flush hints, false if it needs none; empty if unknown
 * @param readOnly true if region or device are
 * @param sizeBytes of the region
 * @param alignBytes of the namespace, or of the region; empty if unknown
 * @param modules behind the region; none if the region is ordinary memory
 * @param badRanges of the device
 * @param regionBadRanges of the whole region, from its begin
 * @param scrub empty if the bus has none
 */
public record PmemDevice(
    String name,
    String namespace,
    String mode,
    String region,
    String provider,
    Optional<PersistenceDomain> domain,
    Optional<Boolean> writeCache,
    Optional<Boolean> deepFlush,
    boolean readOnly,
    OptionalLong sizeBytes,
    OptionalLong alignBytes,
    List<NvdimmModule> modules,
    List<BadRange> badRanges,
    List<BadRange> regionBadRanges,
    Optional<ScrubState> scrub) {
  private static final Pattern REGION = Pattern.compile("region[0-9]+");
  private static final Pattern DEVICE = Pattern.compile("(pmem|dax)[0-9].*");

  /** Copies the lists. */
  public PmemDevice {
    modules = List.copyOf(modules);
    badRanges = List.copyOf(badRanges);
    regionBadRanges = List.copyOf(regionBadRanges);
  }

  /** The two tables of device numbers. */
  public enum Numbers {
    /** Disks and their partitions. */
    BLOCK("block"),
    /** Character devices, DAX devices among them. */
    CHARACTER("char");

    private final String folder;

    Numbers(String folder) {
      this.folder = folder;
    }

    /** Returns the name of the table below {@code dev}. */
    String folder() {
      return folder;
    }
  }

  /**
   * Reads the devices of persistent memory below a device of the running kernel: one, several
   * behind a device mapper, or none.
   *
   * @param device major and minor number, {@code 259:0}
   */
  public static List<PmemDevice> below(Numbers numbers, String device) throws IOException {
    return below(Path.of("/sys"), numbers, device);
  }

  /**
   * Reads devices as {@link #below(Numbers, String)}.
   *
   * @param sys where sysfs is mounted, or a copy of it with its links
   */
  public static List<PmemDevice> below(Path sys, Numbers numbers, String device)
      throws IOException {
    Path link = sys.resolve("dev").resolve(numbers.folder).resolve(device);
    if (!Files.exists(link)) {
      return List.of();
    }
    List<PmemDevice> devices = new ArrayList<>();
    collect(link.toRealPath(), devices);
    return devices;
  }

  private static void collect(Path device, List<PmemDevice> to) throws IOException {
    Path region = ancestor(device, REGION);
    if (region != null) {
      to.add(read(device, region));
      return;
    }
    Path slaves = device.resolve("slaves");
    if (Files.isDirectory(slaves)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(slaves)) {
        for (Path slave : entries) {
          collect(slave.toRealPath(), to);
        }
      }
    }
  }

  private static @Nullable Path ancestor(Path device, Pattern name) {
    for (Path at = device; at != null; at = at.getParent()) {
      if (name.matcher(String.valueOf(at.getFileName())).matches()) {
        return at;
      }
    }
    return null;
  }

  private static PmemDevice read(Path found, Path regionPath) {
    // A partition lies below its disk, which has the attributes.
    // Below the region: the namespace, folders of classes, the device, its partitions.
    Path below = regionPath.relativize(found);
    Path disk = found;
    for (int names = below.getNameCount(); names > 1; names--) {
      Path at = below.subpath(0, names);
      if (DEVICE.matcher(String.valueOf(at.getFileName())).matches()) {
        disk = regionPath.resolve(at);
      }
    }
    SysfsFolder device = new SysfsFolder(disk);
    SysfsFolder region = new SysfsFolder(regionPath);
    SysfsFolder bus = new SysfsFolder(regionPath.resolveSibling(""));
    SysfsFolder namespace = new SysfsFolder(regionPath.resolve(below.getName(0)));
    List<NvdimmModule> modules = new ArrayList<>();
    region
        .number("mappings")
        .ifPresent(count -> {
          for (int i = 0; i < count; i++) {
            region
                .read("mapping" + i)
                .map(text -> text.split(",", -1)[0])
                .map(bus::folder)
                .filter(SysfsFolder::exists)
                .ifPresent(module -> modules.add(NvdimmModule.read(module)));
          }
        });
    OptionalLong align = namespace.number("align");
    return new PmemDevice(
        device.name(),
        namespace.name(),
        mode(namespace),
        region.name(),
        bus.read("provider").orElse(""),
        PersistenceDomain.ofAttribute(region.read("persistence_domain")),
        device.folder("dax").flag("write_cache"),
        region.flag("deep_flush"),
        region.flag("read_only").orElse(false) || device.flag("ro").orElse(false),
        region.number("size"),
        align.isPresent() ? align : region.number("align"),
        modules,
        BadRange.parse(device.read("badblocks").orElse("")),
        BadRange.parse(region.read("badblocks").orElse("")),
        bus.read("nfit/scrub").flatMap(ScrubState::parse));
  }

  private static String mode(SysfsFolder namespace) {
    String name = namespace.name();
    if (name.startsWith("pfn")) {
      return "fsdax";
    }
    return name.startsWith("dax") ? "devdax" : name.startsWith("btt") ? "sector" : "raw";
  }
}
