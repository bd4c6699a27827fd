// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.device.BlockDevices;
import io.pmem4j.harness.device.DeviceNumber;
import io.pmem4j.harness.device.HardwareVerdict;
import io.pmem4j.harness.device.MountPoint;
import io.pmem4j.harness.device.PmemDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reasons not to begin or continue a campaign, and remarks that its report has to carry. */
final class Refusals {
  private static final Set<String> VOLATILE = Set.of("tmpfs", "ramfs");
  private static final String ALLOW = "--not-persistent-on-purpose";

  private final List<String> notes = new ArrayList<>();

  /** Returns the remarks. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  /**
   * Requires hardware that keeps its content.
   *
   * @throws CampaignException with the first reason against it
   */
  void requirePersistence(HardwareState state, List<TestedPlace> places, CampaignOptions options)
      throws CampaignException {
    for (PmemDevice device : state.devices()) {
      for (HardwareVerdict verdict : HardwareVerdict.of(device)) {
        if (verdict.kind() == HardwareVerdict.Kind.NOTE) {
          notes.add(device.name() + ": " + verdict.words());
        } else if (device.readOnly() || !options.allowed().notPersistent()) {
          throw new CampaignException(
              device.name() + ": " + verdict.words() + (device.readOnly() ? "" : allow()));
        } else {
          notes.add(device.name() + ": allowed by " + ALLOW + ": " + verdict.words());
        }
      }
      if (state.boot().commandLine().contains("memmap=")) {
        notes.add("memmap= is on the kernel's command line: such regions are ordinary memory");
      }
    }
    for (TestedPlace place : places) {
      boolean loses = VOLATILE.contains(place.fileSystem());
      if (loses && options.power().isPresent() && !options.allowed().notPersistent()) {
        throw new CampaignException(
            "%s is a %s, which loses its content at a power cut: leave --power-cmd out%s"
                .formatted(place.path(), place.fileSystem(), allow()));
      }
      if (loses) {
        notes.add(place.path() + " is a " + place.fileSystem() + ": kills of processes alone");
      } else if (state.devices().isEmpty()) {
        notes.add(
            place.path() + " is on no persistent memory: syncs of an ordinary disk are tested");
      }
    }
  }

  private static String allow() {
    return "; a test of the campaign itself allows it with " + ALLOW;
  }

  /**
   * Requires a journal on a device that is not under test.
   *
   * @param journal its file
   * @throws CampaignException if it shares a disk or a module with a place
   */
  void requireApart(
      Path journal, List<TestedPlace> places, Machine machine, CampaignOptions options)
      throws IOException {
    Path folder = journal.toAbsolutePath();
    while (!Files.isDirectory(folder) && folder.getParent() != null) {
      folder = folder.getParent();
    }
    DeviceNumber own = new DeviceNumber(PmemDevice.Numbers.BLOCK, MountPoint.of(folder).device());
    Set<String> parts = BlockDevices.parts(machine.sys(), own);
    for (TestedPlace place : places) {
      Set<String> shared = BlockDevices.parts(machine.sys(), place.number());
      shared.retainAll(parts);
      if (shared.isEmpty()) {
        continue;
      }
      if (!options.allowed().journalOnSameDevice()) {
        throw new CampaignException(
            ("the journal %s is on the device of %s (%s), which a cut may take with it: name a --journal on"
                    + " another disk or machine, or allow it with --journal-on-same-device, which tests kills alone")
                .formatted(journal, place.path(), String.join(" ", shared)));
      }
      notes.add("the journal shares a device with " + place.path());
    }
  }
}
