// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.ErrorPolicy;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.layout.Superblock;
import java.util.Map;
import java.util.OptionalInt;
import java.util.StringJoiner;

/** The options that a superblock asks for, and the text in which a mount shows its options. */
final class DefaultOptions {
  private static final int PRIMARY = 1;

  /** Bits of {@code s_default_mount_opts}. */
  private static final Map<MountFlag, Integer> BITS =
      Map.of(
          MountFlag.DEBUG, 0x1,
          MountFlag.GROUP_OF_DIRECTORY, 0x2,
          MountFlag.USER_XATTR, 0x4,
          MountFlag.ACL, 0x8,
          MountFlag.NOUID32, 0x10);

  private DefaultOptions() {}

  /** Returns the options of a mount that is given none. */
  static MountOptions of(Superblock superblock) throws Ext2Exception {
    MountOptions options =
        MountOptions.parse("")
            .withErrors(
                switch (superblock.errors()) {
                  case Superblock.ERRORS_PANIC -> ErrorPolicy.PANIC;
                  case Superblock.ERRORS_CONTINUE -> ErrorPolicy.CONTINUE;
                  default -> ErrorPolicy.REMOUNT_RO;
                })
            .withReserved(
                OptionalInt.of(superblock.defResuid()), OptionalInt.of(superblock.defResgid()));
    for (Map.Entry<MountFlag, Integer> each : BITS.entrySet()) {
      if ((superblock.defaultMountOpts() & each.getValue()) != 0) {
        options = options.with(each.getKey(), true);
      }
    }
    return options;
  }

  /** Returns the options of a mount as {@code /proc/mounts} shows them: ext2_show_options. */
  static String show(MountOptions options, boolean readOnly, Superblock superblock) {
    StringJoiner text = new StringJoiner(",");
    text.add(readOnly ? "ro" : "rw");
    add(text, options, MountFlag.SYNC, MountFlag.DIRSYNC);
    switch (options.accessTimes()) {
      case NOATIME -> text.add("noatime");
      case RELATIME -> text.add("relatime");
      case STRICTATIME -> {}
    }
    if (options.superblock() != PRIMARY) {
      text.add("sb=" + options.superblock());
    }
    add(text, options, MountFlag.MINIX_DF);
    addChoice(text, options, MountFlag.GROUP_OF_DIRECTORY, "nogrpid", superblock);
    if (options.reservedUid() != 0 || superblock.defResuid() != 0) {
      text.add("resuid=" + options.reservedUid());
    }
    if (options.reservedGid() != 0 || superblock.defResgid() != 0) {
      text.add("resgid=" + options.reservedGid());
    }
    switch (options.errors()) {
      case CONTINUE -> text.add("errors=continue");
      case PANIC -> text.add("errors=panic");
      default -> {
        if (superblock.errors() == Superblock.ERRORS_CONTINUE
            || superblock.errors() == Superblock.ERRORS_PANIC) {
          text.add("errors=remount-ro");
        }
      }
    }
    add(text, options, MountFlag.NOUID32, MountFlag.DEBUG, MountFlag.OLDALLOC);
    addChoice(text, options, MountFlag.USER_XATTR, "nouser_xattr", superblock);
    addChoice(text, options, MountFlag.ACL, "noacl", superblock);
    add(text, options, MountFlag.NOBH, MountFlag.XIP, MountFlag.DAX);
    add(text, options, MountFlag.NORESERVATION, MountFlag.ORDERED);
    return text.toString();
  }

  private static void add(StringJoiner text, MountOptions options, MountFlag... flags) {
    for (MountFlag flag : flags) {
      if (options.has(flag)) {
        text.add(flag.toString());
      }
    }
  }

  /** Shows a flag that is on, and one that is off though the superblock asks for it. */
  private static void addChoice(
      StringJoiner text, MountOptions options, MountFlag flag, String off, Superblock superblock) {
    boolean asked = (superblock.defaultMountOpts() & BITS.getOrDefault(flag, 0)) != 0;
    if (options.has(flag)) {
      text.add(flag.toString());
    } else if (asked) {
      text.add(off);
    }
  }
}
