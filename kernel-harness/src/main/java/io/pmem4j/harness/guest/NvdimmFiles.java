// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files that back a guest's NVDIMMs. QEMU maps them: a file that is cut short, or for which the
 * host has no room, kills QEMU at a store of the guest, and only the files show the reason.
 * Immutable.
 */
final class NvdimmFiles {
  /** QEMU places NVDIMMs at multiples of it. */
  private static final long UNIT_BYTES = 2L << 20;

  /** The info block of the namespace, and one unit of data. */
  private static final long LEAST_BYTES = 2 * UNIT_BYTES;

  /** Less room than that is none: the last blocks are kept for metadata. */
  private static final long NO_ROOM_BYTES = 64 << 10;

  private final Map<Path, Long> sizes;

  private NvdimmFiles(Map<Path, Long> sizes) {
    this.sizes = sizes;
  }

  /**
   * Checks the files of a spec.
   *
   * @throws GuestException WRONG_IMAGE_SIZE when one is no NVDIMM or not the one that was meant;
   *     HARNESS_FAULT when one is not there
   */
  static NvdimmFiles of(GuestSpec spec) throws GuestException {
    Map<Path, Long> sizes = new LinkedHashMap<>();
    Path second = spec.secondImage();
    for (Path file : second == null ? List.of(spec.image()) : List.of(spec.image(), second)) {
      long size = size(file);
      if (size < LEAST_BYTES || size % UNIT_BYTES != 0) {
        throw new GuestException(
            GuestOutcome.WRONG_IMAGE_SIZE,
            file + " has " + size + " bytes; an NVDIMM has a multiple of 2 MiB, at least two");
      }
      sizes.put(file, size);
    }
    long size = size(spec.image());
    if (spec.imageBytes() != 0 && size != spec.imageBytes()) {
      throw new GuestException(
          GuestOutcome.WRONG_IMAGE_SIZE,
          spec.image() + " has " + size + " bytes, not " + spec.imageBytes());
    }
    return new NvdimmFiles(sizes);
  }

  private static long size(Path file) throws GuestException {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new GuestException(GuestOutcome.HARNESS_FAULT, "no file " + file, List.of(), e);
    }
  }

  /** Returns the fault of the files after QEMU died of SIGBUS; null if they are in order. */
  Postmortem.@Nullable Verdict verdict() {
    for (Map.Entry<Path, Long> file : sizes.entrySet()) {
      Path path = file.getKey();
      try {
        long size = Files.size(path);
        if (size != file.getValue()) {
          return new Postmortem.Verdict(
              GuestOutcome.WRONG_IMAGE_SIZE,
              path + " had " + file.getValue() + " bytes and now has " + size);
        }
        long room = Files.getFileStore(path).getUsableSpace();
        if (room < NO_ROOM_BYTES) {
          return new Postmortem.Verdict(
              GuestOutcome.DISK_FULL, room + " bytes are left for " + path);
        }
      } catch (IOException e) {
        return new Postmortem.Verdict(
            GuestOutcome.WRONG_IMAGE_SIZE, path + " has gone: " + e.getMessage());
      }
    }
    return null;
  }
}
