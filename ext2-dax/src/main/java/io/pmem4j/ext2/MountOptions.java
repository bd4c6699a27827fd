// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of a mount, as {@code mount -o} takes them. What is not given comes from the
 * superblock, or at a remount from the mount. Immutable.
 */
public final class MountOptions {
  /** Kibibytes before the primary superblock. */
  private static final long PRIMARY = 1;

  private static final MountOptions NONE =
      new MountOptions(
          EnumSet.noneOf(MountFlag.class),
          EnumSet.noneOf(MountFlag.class),
          null,
          ErrorPolicy.SUPERBLOCK,
          PRIMARY,
          -1,
          -1);

  /** Words that Linux takes, and of which nothing follows in a kernel without quotas. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("quota", "usrquota", "grpquota", "noquota");

  private final EnumSet<MountFlag> on;
  private final EnumSet<MountFlag> off;
  private final @Nullable AccessTimes accessTimes;
  private final ErrorPolicy errors;
  private final long superblock;
  private final int reservedUid;
  private final int reservedGid;

  private MountOptions(
      EnumSet<MountFlag> on,
      EnumSet<MountFlag> off,
      @Nullable AccessTimes accessTimes,
      ErrorPolicy errors,
      long superblock,
      int reservedUid,
      int reservedGid) {
    this.on = on;
    this.off = off;
    this.accessTimes = accessTimes;
    this.errors = errors;
    this.superblock = superblock;
    this.reservedUid = reservedUid;
    this.reservedGid = reservedGid;
  }

  /**
   * Reads the text that {@code mount -o} takes.
   *
   * @throws Ext2Exception EINVAL for an option that is not known
   */
  public static MountOptions parse(String text) throws Ext2Exception {
    MountOptions options = NONE;
    boolean first = true;
    for (String option : text.split(",", -1)) {
      // As in Linux, where another place than the beginning makes it mean nothing.
      if (option.startsWith("sb=")) {
        long superblock = number(option);
        options = first ? options.withSuperblock(superblock) : options;
      } else {
        options = options.with(option);
      }
      first &= isOfTheVfs(option);
    }
    return options;
  }

  /** Returns true for a word that mount(8) does not give to the file system. */
  private static boolean isOfTheVfs(String option) {
    return switch (option) {
      case "", "ro", "rw", "sync", "async", "dirsync" -> true;
      case "noatime", "atime", "relatime", "strictatime" -> true;
      default -> false;
    };
  }

  private MountOptions with(String option) throws Ext2Exception {
    for (MountFlag flag : MountFlag.values()) {
      if (flag.isSetBy(option)) {
        MountOptions set = with(flag, true);
        return flag == MountFlag.XIP ? set.with(MountFlag.DAX, true) : set;
      }
      if (flag.isClearedBy(option)) {
        return with(flag, false);
      }
    }
    return switch (option) {
      case "" -> this;
      case "bsdgroups" -> with(MountFlag.GROUP_OF_DIRECTORY, true);
      case "sysvgroups" -> with(MountFlag.GROUP_OF_DIRECTORY, false);
      case "relatime", "atime" -> withAccessTimes(AccessTimes.RELATIME);
      case "strictatime" -> withAccessTimes(AccessTimes.STRICTATIME);
      case "noatime" -> withAccessTimes(AccessTimes.NOATIME);
      case "errors=continue" -> withErrors(ErrorPolicy.CONTINUE);
      case "errors=remount-ro" -> withErrors(ErrorPolicy.REMOUNT_RO);
      case "errors=panic" -> withErrors(ErrorPolicy.PANIC);
      default -> {
        if (option.startsWith("resuid=")) {
          yield withReserved(OptionalInt.of(number(option)), OptionalInt.empty());
        }
        if (option.startsWith("resgid=")) {
          yield withReserved(OptionalInt.empty(), OptionalInt.of(number(option)));
        }
        if (WITHOUT_EFFECT.contains(option)) {
          yield this;
        }
        throw new Ext2Exception(Errno.EINVAL, "unknown mount option " + option);
      }
    };
  }

  private static int number(String option) throws Ext2Exception {
    String digits = option.substring(option.indexOf('=') + 1);
    try {
      if (!digits.isEmpty() && digits.chars().allMatch(each -> each >= '0' && each <= '9')) {
        return Integer.parseInt(digits);
      }
    } catch (NumberFormatException _) {
      // More than Linux takes.
    }
    throw new Ext2Exception(
        Errno.EINVAL, "mount option " + option + ", expected a number up to " + Integer.MAX_VALUE);
  }

  /** Returns these options with a flag on or off, whatever the superblock says. */
  public MountOptions with(MountFlag flag, boolean value) {
    EnumSet<MountFlag> nowOn = on.clone();
    EnumSet<MountFlag> nowOff = off.clone();
    (value ? nowOn : nowOff).add(flag);
    (value ? nowOff : nowOn).remove(flag);
    return new MountOptions(
        nowOn, nowOff, accessTimes, errors, superblock, reservedUid, reservedGid);
  }

  /** Returns these options with another rule of access times. */
  public MountOptions withAccessTimes(AccessTimes value) {
    return new MountOptions(on, off, value, errors, superblock, reservedUid, reservedGid);
  }

  /** Returns these options with another reaction to errors. */
  public MountOptions withErrors(ErrorPolicy value) {
    return new MountOptions(on, off, accessTimes, value, superblock, reservedUid, reservedGid);
  }

  /**
   * Returns these options with another superblock.
   *
   * @param kibibytes before it
   */
  public MountOptions withSuperblock(long kibibytes) {
    return new MountOptions(on, off, accessTimes, errors, kibibytes, reservedUid, reservedGid);
  }

  /** Returns these options with others who may use the reserved blocks; empty changes nothing. */
  public MountOptions withReserved(OptionalInt uid, OptionalInt gid) {
    return new MountOptions(
        on, off, accessTimes, errors, superblock, uid.orElse(reservedUid), gid.orElse(reservedGid));
  }

  /** Returns these options, and those of a base where nothing is given here. */
  public MountOptions over(MountOptions base) {
    EnumSet<MountFlag> bothOn = base.on.clone();
    bothOn.removeAll(off);
    bothOn.addAll(on);
    EnumSet<MountFlag> bothOff = base.off.clone();
    bothOff.removeAll(on);
    bothOff.addAll(off);
    return new MountOptions(
        bothOn,
        bothOff,
        accessTimes == null ? base.accessTimes : accessTimes,
        errors == ErrorPolicy.SUPERBLOCK ? base.errors : errors,
        superblock,
        reservedUid < 0 ? base.reservedUid : reservedUid,
        reservedGid < 0 ? base.reservedGid : reservedGid);
  }

  /** Returns true if a flag is on; of what is not given it is not. */
  public boolean has(MountFlag flag) {
    return on.contains(flag);
  }

  /** Returns true for {@link MountFlag#DAX}. */
  public boolean dax() {
    return has(MountFlag.DAX);
  }

  /** Returns true for {@link MountFlag#OLDALLOC}. */
  public boolean oldalloc() {
    return has(MountFlag.OLDALLOC);
  }

  /** Returns true for {@link MountFlag#NORESERVATION}. */
  public boolean noreservation() {
    return has(MountFlag.NORESERVATION);
  }

  /** Returns true for {@link MountFlag#ORDERED}. */
  public boolean ordered() {
    return has(MountFlag.ORDERED);
  }

  /** Returns true for {@link MountFlag#READ_ONLY}. */
  public boolean readOnly() {
    return has(MountFlag.READ_ONLY);
  }

  /** Returns true for {@link MountFlag#SYNC}. */
  public boolean sync() {
    return has(MountFlag.SYNC);
  }

  /** Returns true for {@link MountFlag#DIRSYNC}. */
  public boolean dirsync() {
    return has(MountFlag.DIRSYNC);
  }

  /** Returns the rule by which reading changes the access time. */
  public AccessTimes accessTimes() {
    return accessTimes == null ? AccessTimes.RELATIME : accessTimes;
  }

  /** Returns the reaction to an error found on the medium. */
  public ErrorPolicy errors() {
    return errors;
  }

  /** Returns the kibibytes before the superblock: {@code sb=}. */
  public long superblock() {
    return superblock;
  }

  /** Returns the user who may use the reserved blocks; below 0 if none is given. */
  public int reservedUid() {
    return reservedUid;
  }

  /** Returns the group that may use the reserved blocks; below 0 if none is given. */
  public int reservedGid() {
    return reservedGid;
  }
}
