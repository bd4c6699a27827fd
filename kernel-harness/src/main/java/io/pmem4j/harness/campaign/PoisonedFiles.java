// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.device.BadRange;
import io.pmem4j.harness.device.BlockDevices;
import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.PmemDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Unreadable ranges that appeared, and the files under test that they lie in. */
final class PoisonedFiles {
  private static final String LOST = ": the medium lost it, whatever software did";

  private final Machine machine;
  private final List<TestedPlace> places;

  PoisonedFiles(Machine machine, List<TestedPlace> places) {
    this.machine = machine;
    this.places = List.copyOf(places);
  }

  /** Returns a line for each new range in a file under test. */
  List<String> appeared(Map<String, String> before, HardwareState now) throws IOException {
    List<String> lines = new ArrayList<>();
    for (PmemDevice device : now.devices()) {
      List<BadRange> fresh =
          added(before.get(device.name() + "." + HardwareState.BADBLOCKS), device.badRanges());
      for (TestedPlace place : places) {
        if (!isOn(place, device)) {
          continue;
        }
        if (place.onDevice()) {
          // A DAX device has no list of its own; that of its region counts from the region's start.
          String known = before.get(device.name() + ".region_badblocks");
          for (BadRange range : added(known, device.regionBadRanges())) {
            lines.add(device.region() + " cannot read its bytes " + range + LOST);
          }
        }
        for (BadRange range : fresh) {
          inFiles(place, device, range, lines);
        }
      }
    }
    return lines;
  }

  private static List<BadRange> added(@Nullable String before, List<BadRange> now) {
    List<String> known = before == null ? List.of() : Arrays.asList(before.split(" ", -1));
    return now.stream().filter(range -> !known.contains(range.toString())).toList();
  }

  private boolean isOn(TestedPlace place, PmemDevice device) throws IOException {
    DeviceNumber number = place.number();
    return PmemDevice.below(machine.sys(), number.table(), number.text()).stream()
        .anyMatch(each -> each.name().equals(device.name()));
  }

  private void inFiles(TestedPlace place, PmemDevice device, BadRange range, List<String> lines)
      throws IOException {
    if (place.onDevice()) {
      return;
    }
    long start = BlockDevices.startBytes(machine.sys(), place.number());
    try (Stream<Path> tree = Files.walk(place.folder())) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        FileExtents extents;
        try {
          extents = FileExtents.of(file);
        } catch (IOException unknown) {
          lines.add(
              "%s cannot read its bytes %s, and it is unknown which file has them (%s)%s"
                  .formatted(device.name(), range, unknown.getMessage(), LOST));
          return;
        }
        for (long sector = range.sector(); sector < range.sector() + range.count(); sector++) {
          OptionalLong offset = extents.fileOffset(sector * BadRange.SECTOR_BYTES - start);
          if (offset.isPresent()) {
            lines.add(
                "%s cannot read its bytes %s, which are %s from byte %d on%s"
                    .formatted(device.name(), range, file, offset.getAsLong(), LOST));
            break;
          }
        }
      }
    }
  }
}
