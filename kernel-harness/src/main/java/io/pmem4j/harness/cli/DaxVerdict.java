// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.backend.host.DaxState;
import io.pmem4j.harness.device.MountPoint;
import io.pmem4j.pmem.Granularity;
import java.util.Optional;

/**
 * The doctor's judgement on DAX, by what the kernel did and not by what was requested.
 *
 * @param words one line of the report
 * @param missing the next step towards DAX, where there is one
 */
record DaxVerdict(String words, Optional<String> missing) {
  private static final String ORDINARY =
      "persistent memory: this is ordinary storage (or tmpfs), persist is msync of pages";

  /**
   * Judges a file system by a file on it.
   *
   * @param state of the file, by statx(2)
   * @param granularity the finest that a mapping of the file got
   */
  static DaxVerdict of(MountPoint mount, DaxState state, Granularity granularity) {
    boolean dax = state == DaxState.DAX || granularity != Granularity.PAGE;
    if (dax) {
      String why = mount.askedForDax() ? "mounted with DAX" : "the file has DAX, file by file";
      return new DaxVerdict("yes, " + why, Optional.empty());
    }
    if (!mount.deviceCanDax()) {
      return mount.askedForDax()
          ? new DaxVerdict(
              "asked for at mount; " + mount.source() + " cannot do it", Optional.of(ORDINARY))
          : new DaxVerdict("no", Optional.of(ORDINARY));
    }
    if (state == DaxState.UNKNOWN && mount.askedForDax()) {
      return new DaxVerdict(
          "asked for at mount; this kernel does not say whether files have it", Optional.empty());
    }
    return new DaxVerdict(
        "the device can; this file is mapped through the page cache", Optional.of(next(mount)));
  }

  private static String next(MountPoint mount) {
    if (mount.options().contains("dax=never")) {
      return "DAX: the mount forbids it; unmount, and mount without dax=never " + mount.source();
    }
    // ext4(5) and xfs(5) take the flag per file since Linux 5.8; ext2 knows the option alone.
    return mount.type().equals("ext2")
        ? "DAX: a remount does not switch it on; unmount, then mount -o dax " + mount.source()
        : "DAX: for new files of a folder: xfs_io -c 'chattr +x' FOLDER; for all: unmount, then"
            + " mount -o dax=always "
            + mount.source();
  }
}
