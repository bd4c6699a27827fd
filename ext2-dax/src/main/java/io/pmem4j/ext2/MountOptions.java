// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.sched.Scheduler;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * The options of a mount. The first components are those of {@code mount -o}. The others replace
 * what the kernel takes from its surroundings, so that two runs can be made equal byte for byte.
 * Immutable.
 *
 * @param dax regular files are mapped and accessed without a page cache
 * @param oldalloc directories are placed by the old rule instead of Orlov's
 * @param accessTimes when reading changes the access time
 * @param noreservation blocks are allocated without reservation windows
 * @param errors the reaction to an error found on the medium
 * @param clock the time, seconds since the epoch
 * @param generationBase {@code i_generation} of the first inode made
 * @param allocatorPid the process id that colours the place of a file's first block
 * @param umask permissions that created files do not get
 * @param scheduler where tasks wait
 * @param variation replaces parts for experiments; {@link Variation#NONE} in production
 * @param isolationChecks whether each truncation proves, before it lets faults in again, that
 *     nothing is left behind the size, and each handler of a store to a read-only page, before it
 *     lets truncation in, that the page is not; an {@link IsolationViolation} if not. For tests
 */
public record MountOptions(
    boolean dax,
    boolean oldalloc,
    AccessTimes accessTimes,
    boolean noreservation,
    ErrorPolicy errors,
    LongSupplier clock,
    int generationBase,
    IntSupplier allocatorPid,
    int umask,
    Scheduler scheduler,
    Variation variation,
    boolean isolationChecks) {

  private static final MountOptions DEFAULTS =
      new MountOptions(
          false,
          false,
          AccessTimes.RELATIME,
          false,
          ErrorPolicy.SUPERBLOCK,
          () -> System.currentTimeMillis() / 1000,
          (int) System.nanoTime(),
          () -> (int) ProcessHandle.current().pid(),
          0022,
          Scheduler.production(),
          Variation.NONE,
          false);

  /**
   * Reads the text that {@code mount -o} takes.
   *
   * @throws Ext2Exception EINVAL for an option that is not known
   */
  public static MountOptions parse(String text) throws Ext2Exception {
    MountOptions options = DEFAULTS;
    for (String option : text.split(",", -1)) {
      options =
          switch (option) {
            case "" -> options;
            case "dax" -> options.withDax(true);
            case "oldalloc" -> options.withOldalloc(true);
            case "relatime", "atime" -> options.withAccessTimes(AccessTimes.RELATIME);
            case "strictatime" -> options.withAccessTimes(AccessTimes.STRICTATIME);
            case "noatime" -> options.withAccessTimes(AccessTimes.NOATIME);
            case "noreservation" -> options.withNoreservation(true);
            case "reservation" -> options.withNoreservation(false);
            case "errors=continue" -> options.withErrors(ErrorPolicy.CONTINUE);
            case "errors=remount-ro" -> options.withErrors(ErrorPolicy.REMOUNT_RO);
            default -> throw new Ext2Exception(Errno.EINVAL, "unknown mount option " + option);
          };
    }
    return options;
  }

  /** These options with another {@link #dax}. */
  public MountOptions withDax(boolean value) {
    return new MountOptions(
        value,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #oldalloc}. */
  public MountOptions withOldalloc(boolean value) {
    return new MountOptions(
        dax,
        value,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #accessTimes}. */
  public MountOptions withAccessTimes(AccessTimes value) {
    return new MountOptions(
        dax,
        oldalloc,
        value,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #noreservation}. */
  public MountOptions withNoreservation(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        value,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #errors}. */
  public MountOptions withErrors(ErrorPolicy value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        value,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #clock}. */
  public MountOptions withClock(LongSupplier value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        value,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #generationBase}. */
  public MountOptions withGenerationBase(int value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        value,
        allocatorPid,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #allocatorPid}. */
  public MountOptions withAllocatorPid(IntSupplier value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        value,
        umask,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #umask}. */
  public MountOptions withUmask(int value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        value,
        scheduler,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #scheduler}. */
  public MountOptions withScheduler(Scheduler value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        value,
        variation,
        isolationChecks);
  }

  /** These options with another {@link #variation}. */
  public MountOptions withVariation(Variation value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        value,
        isolationChecks);
  }

  /** These options with another {@link #isolationChecks}. */
  public MountOptions withIsolationChecks(boolean value) {
    return new MountOptions(
        dax,
        oldalloc,
        accessTimes,
        noreservation,
        errors,
        clock,
        generationBase,
        allocatorPid,
        umask,
        scheduler,
        variation,
        value);
  }
}
