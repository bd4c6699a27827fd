// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.device.BadRange;
import io.pmem4j.harness.device.BootIdentity;
import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.NvdimmModule;
import io.pmem4j.harness.device.PersistenceDomain;
import io.pmem4j.harness.device.PmemDevice;
import io.pmem4j.harness.device.ScrubState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The hardware below the places of a campaign at one moment.
 *
 * @param devices of persistent memory; none below an ordinary disk
 * @param boot the run of the kernel
 */
record HardwareState(List<PmemDevice> devices, BootIdentity boot) {
  static final String BOOT = "boot_id";
  static final String DIRTY_SHUTDOWN = "dirty_shutdown";
  static final String FLAGS = "flags";
  static final String IDENTITY = "identity";
  static final String BADBLOCKS = "badblocks";
  static final String BUS = "bus";
  static final String READ_ONLY = "read_only";
  private static final String ABSENT = "absent";

  HardwareState {
    devices = List.copyOf(devices);
  }

  static HardwareState read(Machine machine, List<TestedPlace> places) throws IOException {
    List<PmemDevice> devices = new ArrayList<>();
    for (TestedPlace place : places) {
      DeviceNumber number = place.number();
      for (PmemDevice device : PmemDevice.below(machine.sys(), number.table(), number.text())) {
        if (devices.stream().noneMatch(known -> known.name().equals(device.name()))) {
          devices.add(device);
        }
      }
    }
    return new HardwareState(devices, BootIdentity.read(machine.proc()));
  }

  /** Returns true while a scrub looks for unreadable ranges. */
  boolean scrubs() {
    return devices.stream()
        .anyMatch(device -> device.scrub().map(ScrubState::running).orElse(false));
  }

  /** Returns true if one of the devices has to be flushed beyond the memory controller. */
  boolean needsDeepFlush() {
    return devices.stream().anyMatch(device -> device.deepFlush().orElse(false));
  }

  /** Returns the platform's statements about persistence, for the verdict. */
  String persistence() {
    return devices.stream()
        .map(device -> device.name() + " " + words(device.domain()))
        .collect(Collectors.joining(", "));
  }

  private static String words(Optional<PersistenceDomain> domain) {
    if (domain.isEmpty()) {
      return "states a domain that is not known here";
    }
    return domain.get() == PersistenceDomain.UNSTATED
        ? "platform does not say"
        : domain.get().name().toLowerCase(Locale.ROOT);
  }

  /** Returns each attribute by its name, for the journal. */
  Map<String, String> facts() {
    Map<String, String> facts = new TreeMap<>();
    facts.put(BOOT, boot.bootId());
    facts.put("release", boot.release());
    facts.put("cmdline", boot.commandLine());
    for (PmemDevice device : devices) {
      String prefix = device.name() + ".";
      facts.put(prefix + "mode", device.mode());
      facts.put(prefix + "namespace", device.namespace());
      facts.put(prefix + "region", device.region());
      facts.put(prefix + "persistence_domain", words(device.domain()));
      facts.put(prefix + "write_cache", bit(device.writeCache()));
      facts.put(prefix + "deep_flush", bit(device.deepFlush()));
      facts.put(prefix + READ_ONLY, bit(Optional.of(device.readOnly())));
      facts.put(prefix + "size", number(device.sizeBytes()));
      facts.put(prefix + "align", number(device.alignBytes()));
      facts.put(prefix + BADBLOCKS, ranges(device.badRanges()));
      facts.put(prefix + "region_badblocks", ranges(device.regionBadRanges()));
      device
          .scrub()
          .ifPresent(scrub ->
              facts.put(prefix + "scrub", scrub.completed() + (scrub.running() ? "+" : "")));
      for (NvdimmModule module : device.modules()) {
        String name = prefix + module.name() + ".";
        facts.put(name + BUS, module.bus());
        facts.put(name + FLAGS, String.join(" ", module.flags()));
        facts.put(name + DIRTY_SHUTDOWN, number(module.dirtyShutdowns()));
        facts.put(name + IDENTITY, new TreeMap<>(module.identity()).toString());
      }
    }
    return facts;
  }

  private static String bit(Optional<Boolean> value) {
    return value.map(on -> on ? "1" : "0").orElse(ABSENT);
  }

  private static String number(OptionalLong value) {
    return value.isPresent() ? String.valueOf(value.getAsLong()) : ABSENT;
  }

  private static String ranges(List<BadRange> ranges) {
    return ranges.stream().map(BadRange::toString).collect(Collectors.joining(" "));
  }
}
