// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.MountOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * The options of a FUSE mount, taken apart. Immutable.
 *
 * @param mount those of the file system
 * @param flags of mount(2)
 * @param ioUring true to take requests over io_uring where the kernel offers that
 */
public record FuseOptions(MountOptions mount, long flags, boolean ioUring) {
  /**
   * Reads the text that {@code mount -o} takes: options of the file system, with {@code dax} always
   * on, {@code ro, nosuid, nodev, noexec} and their opposites, and {@code no_io_uring}. What
   * fstab(5) says to mount(8) alone is passed over.
   *
   * @throws Ext2Exception EINVAL for an option that is not known
   */
  public static FuseOptions parse(String text) throws Ext2Exception {
    List<String> own = new ArrayList<>(List.of("dax"));
    long flags = 0;
    boolean ioUring = true;
    for (String option : text.split(",", -1)) {
      switch (option) {
        case "ro" -> flags |= KernelCalls.MS_RDONLY;
        case "rw" -> flags &= ~KernelCalls.MS_RDONLY;
        case "nosuid" -> flags |= KernelCalls.MS_NOSUID;
        case "suid" -> flags &= ~KernelCalls.MS_NOSUID;
        case "nodev" -> flags |= KernelCalls.MS_NODEV;
        case "dev" -> flags &= ~KernelCalls.MS_NODEV;
        case "noexec" -> flags |= KernelCalls.MS_NOEXEC;
        case "exec" -> flags &= ~KernelCalls.MS_NOEXEC;
        case "io_uring" -> ioUring = true;
        case "no_io_uring" -> ioUring = false;
        case "defaults", "auto", "noauto", "nofail", "_netdev" -> {}
        case "default_permissions", "allow_other" -> {}
        default -> {
          if (!option.startsWith("x-")) {
            own.add(option);
          }
        }
      }
    }
    MountOptions mount = MountOptions.parse(String.join(",", own));
    return new FuseOptions(
        mount.with(MountFlag.READ_ONLY, (flags & KernelCalls.MS_RDONLY) != 0), flags, ioUring);
  }

  /** Returns true for a mount that nothing can be changed through. */
  public boolean readOnly() {
    return mount.readOnly();
  }

  /** These options with the flag {@code ro}. */
  public FuseOptions asReadOnly() {
    return new FuseOptions(
        mount.with(MountFlag.READ_ONLY, true), flags | KernelCalls.MS_RDONLY, ioUring);
  }
}
