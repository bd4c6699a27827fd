// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.device.BadRange;
import io.pmem4j.harness.device.BootIdentity;
import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.HardwareVerdict;
import io.pmem4j.harness.device.MountPoint;
import io.pmem4j.harness.device.NvdimmModule;
import io.pmem4j.harness.device.PersistenceDomain;
import io.pmem4j.harness.device.PmemDevice;
import io.pmem4j.harness.device.ScrubState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The doctor's report on the hardware behind a path.
 *
 * @param facts by name, in the order of the report
 * @param verdicts their consequences
 */
record HardwareFacts(Map<String, Object> facts, List<HardwareVerdict> verdicts) {
  private static final String UNKNOWN = "the kernel does not say";

  /**
   * Reads the hardware below a path.
   *
   * @param device true if the path is a device itself
   */
  static HardwareFacts of(Path path, boolean device, MountPoint mount) throws IOException {
    List<PmemDevice> devices;
    if (device) {
      DeviceNumber number = DeviceNumber.of(path);
      devices = PmemDevice.below(number.table(), number.text());
    } else {
      devices = PmemDevice.below(PmemDevice.Numbers.BLOCK, mount.device());
    }
    return of(devices, BootIdentity.current());
  }

  static HardwareFacts of(List<PmemDevice> devices, BootIdentity boot) {
    Map<String, Object> facts = new LinkedHashMap<>();
    List<HardwareVerdict> verdicts = new ArrayList<>();
    for (PmemDevice device : devices) {
      describe(device, devices.size() > 1 ? device.name() + "_" : "", facts);
      verdicts.addAll(HardwareVerdict.of(device));
    }
    if (!devices.isEmpty()) {
      facts.put("boot_id", boot.bootId() + ", Linux " + boot.release());
    }
    return new HardwareFacts(facts, verdicts);
  }

  private static void describe(PmemDevice device, String prefix, Map<String, Object> facts) {
    facts.put(
        prefix + "device",
        "%s, %s by %s, %s of %s"
            .formatted(
                device.name(),
                device.mode(),
                device.namespace(),
                device.region(),
                device.provider().isEmpty() ? "a bus without a name" : device.provider()));
    facts.put(
        prefix + "persistence_domain",
        device
            .domain()
            .map(domain ->
                domain == PersistenceDomain.UNSTATED
                    ? "absent"
                    : domain.name().toLowerCase(Locale.ROOT))
            .orElse("a word that is not known here"));
    facts.put(prefix + "write_cache", bit(device.writeCache()));
    facts.put(prefix + "deep_flush", bit(device.deepFlush()));
    facts.put(prefix + "read_only", bit(Optional.of(device.readOnly())));
    facts.put(
        prefix + "region_bytes",
        device.sizeBytes().isPresent() ? device.sizeBytes().getAsLong() : UNKNOWN);
    facts.put(
        prefix + "namespace_alignment",
        device.alignBytes().isPresent() ? device.alignBytes().getAsLong() : UNKNOWN);
    for (NvdimmModule module : device.modules()) {
      facts.put(prefix + "module_" + module.name(), module.describe());
    }
    facts.put(prefix + "bad_ranges", ranges(device.badRanges()));
    facts.put(prefix + "bad_ranges_of_region", ranges(device.regionBadRanges()));
    facts.put(prefix + "scrub", device.scrub().map(HardwareFacts::scrub).orElse("none"));
  }

  private static String bit(Optional<Boolean> value) {
    return value.map(on -> on ? "1" : "0").orElse("absent");
  }

  private static String ranges(List<BadRange> ranges) {
    return ranges.isEmpty()
        ? "none"
        : ranges.stream().map(BadRange::toString).collect(Collectors.joining(" "));
  }

  private static String scrub(ScrubState scrub) {
    return scrub.completed() + " completed" + (scrub.running() ? ", one is running" : "");
  }

  boolean refuses() {
    return verdicts.stream().anyMatch(verdict -> verdict.kind() == HardwareVerdict.Kind.REFUSAL);
  }
}
