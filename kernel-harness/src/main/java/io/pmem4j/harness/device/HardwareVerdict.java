// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A consequence of a device's properties for a program that relies on it.
 *
 * @param kind the weight of it
 * @param words a sentence with the attribute, its value and what follows
 */
public record HardwareVerdict(Kind kind, String words) {
  /** The weight of a consequence. */
  public enum Kind {
    /** A property that a report of durability has to state. */
    NOTE,
    /** A reason not to trust this device with data, nor to judge software on it. */
    REFUSAL
  }

  private static final Set<String> FAILED =
      Set.of("not_armed", "save_fail", "restore_fail", "flush_fail", "map_fail");

  /** Returns the consequences of a device, the refusals first. */
  public static List<HardwareVerdict> of(PmemDevice device) {
    List<HardwareVerdict> verdicts = new ArrayList<>();
    for (NvdimmModule module : device.modules()) {
      module(module, verdicts);
    }
    if (device.modules().isEmpty()) {
      refuse(
          verdicts,
          device.region()
              + " has no module: it is ordinary memory that poses as persistent"
              + " (memmap=), and a power failure loses its content");
    }
    if (device.readOnly()) {
      refuse(verdicts, device.name() + " is read-only: stores and writable mounts are refused");
    }
    persistence(device, verdicts);
    media(device, verdicts);
    verdicts.sort((one, other) -> other.kind.compareTo(one.kind));
    return verdicts;
  }

  private static void module(NvdimmModule module, List<HardwareVerdict> verdicts) {
    List<String> failed = module.flags().stream().filter(FAILED::contains).toList();
    if (!failed.isEmpty()) {
      refuse(
          verdicts,
          module.name()
              + ": "
              + String.join(" ", failed)
              + ": the module does not keep its content over a power failure, or has lost it");
    }
    List<String> others = module.flags().stream().filter(flag -> !FAILED.contains(flag)).toList();
    if (!others.isEmpty()) {
      note(verdicts, module.name() + ": " + String.join(" ", others) + ": ask the module's tools");
    }
    if (module.dirtyShutdowns().isEmpty()) {
      note(
          verdicts,
          module.name()
              + " does not count dirty shutdowns: content that the platform lost cannot"
              + " be told from content that software lost");
    } else if (module.dirtyShutdowns().getAsLong() > 0) {
      note(
          verdicts,
          module.name()
              + " has counted "
              + module.dirtyShutdowns().getAsLong()
              + " dirty shutdowns: the platform lost content then, whatever software did");
    }
  }

  private static void persistence(PmemDevice device, List<HardwareVerdict> verdicts) {
    boolean noWriteBack = device.writeCache().map(on -> !on).orElse(false);
    if (device.domain().isEmpty()) {
      note(verdicts, device.region() + ": persistence_domain has a word that is not known here");
    } else {
      switch (device.domain().get()) {
        case CPU_CACHE -> {
          note(
              verdicts,
              "persistence_domain cpu_cache: a store is durable once it is visible; a fence is"
                  + " enough, and fsync writes no line back");
        }
        case MEMORY_CONTROLLER ->
            note(
                verdicts,
                "persistence_domain memory_controller: a line is durable once it has been written"
                    + " back and fenced");
        case UNSTATED ->
            note(
                verdicts,
                "persistence_domain is absent: the platform does not say what a power failure"
                    + " keeps; lines are written back as if the memory controller were kept");
      }
    }
    if (noWriteBack && device.domain().orElse(null) != PersistenceDomain.CPU_CACHE) {
      refuse(
          verdicts,
          "write_cache is 0 and the caches are not in the persistence domain: fsync and msync are"
              + " not durable; write 1 to /sys/block/"
              + device.name()
              + "/dax/write_cache");
    }
    if (device.deepFlush().isEmpty()) {
      note(verdicts, "deep_flush is absent: it is unknown whether the platform needs flush hints");
    } else if (device.deepFlush().get()) {
      note(verdicts, "deep_flush is 1: deepPersist reaches beyond the memory controller");
    }
    if (device.mode().equals("raw") || device.mode().equals("sector")) {
      note(verdicts, "the namespace is " + device.mode() + ": it has no DAX for file systems");
    }
  }

  private static void media(PmemDevice device, List<HardwareVerdict> verdicts) {
    if (!device.badRanges().isEmpty() || !device.regionBadRanges().isEmpty()) {
      boolean own = !device.badRanges().isEmpty();
      note(
          verdicts,
          (own ? device.name() : device.region())
              + " has unreadable ranges, in bytes "
              + (own ? device.badRanges() : device.regionBadRanges())
                  .stream().map(BadRange::toString).collect(Collectors.joining(" "))
              + ": loads there raise SIGBUS, read and write answer EIO");
    }
    device
        .scrub()
        .filter(ScrubState::running)
        .ifPresent(running ->
            note(
                verdicts,
                "a scrub is running: unreadable ranges may be missing from the list until it"
                    + " has ended"));
  }

  private static void note(List<HardwareVerdict> verdicts, String words) {
    verdicts.add(new HardwareVerdict(Kind.NOTE, words));
  }

  private static void refuse(List<HardwareVerdict> verdicts, String words) {
    verdicts.add(new HardwareVerdict(Kind.REFUSAL, words));
  }
}
