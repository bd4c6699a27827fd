// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Stream;

/**
 * The options of mount(8) that a program or a run may choose.
 *
 * @param atime the accesses that change {@code i_atime}
 * @param orlov directories are spread by Orlov's rule, and not by the old one
 * @param reservation files allocate from reservation windows
 * @param dax DAX is asked for; without it the text is {@code nodax}, which mount(8) does not have
 */
public record ProgramMount(AtimeOption atime, boolean orlov, boolean reservation, boolean dax) {
  /** The mount of a program that names no option: what depends on no choice of the kernel. */
  public static final ProgramMount DEFAULT =
      new ProgramMount(AtimeOption.NOATIME, false, false, true);

  private static final String ORLOV = "orlov";
  private static final String RESERVATION = "reservation";
  private static final String NO_DAX = "nodax";

  /** The options that ext2 has when mount(8) is given none. */
  private static final String DEFAULTS = "defaults";

  /**
   * Parses options with commas between them.
   *
   * @throws IllegalArgumentException naming all there are
   */
  public static ProgramMount parse(String text) {
    ProgramMount mount = DEFAULT;
    for (String option : text.split(",", -1)) {
      mount =
          switch (option) {
            case ORLOV -> new ProgramMount(mount.atime, true, mount.reservation, mount.dax);
            case RESERVATION -> new ProgramMount(mount.atime, mount.orlov, true, mount.dax);
            case DEFAULTS -> new ProgramMount(AtimeOption.RELATIME, true, true, mount.dax);
            case NO_DAX -> new ProgramMount(mount.atime, mount.orlov, mount.reservation, false);
            default ->
                new ProgramMount(
                    AtimeOption.of(option).orElseThrow(() -> unknown(option)),
                    mount.orlov,
                    mount.reservation,
                    mount.dax);
          };
    }
    return mount;
  }

  private static IllegalArgumentException unknown(String option) {
    List<String> known =
        Stream.concat(
                Arrays.stream(AtimeOption.values()).map(AtimeOption::toString),
                Stream.of(ORLOV, RESERVATION, NO_DAX, DEFAULTS))
            .toList();
    return new IllegalArgumentException(
        "unknown mount option '" + option + "', expected one of " + known);
  }

  /** Returns this mount with the options of another one too; a choice of this one stays. */
  public ProgramMount and(ProgramMount other) {
    return new ProgramMount(
        atime == AtimeOption.NOATIME ? other.atime : atime,
        orlov || other.orlov,
        reservation || other.reservation,
        dax && other.dax);
  }

  /** Returns the options of ext2 as mount(2) takes them, without those of access times. */
  public String data() {
    StringJoiner options = new StringJoiner(",");
    if (dax) {
      options.add("dax");
    }
    if (!orlov) {
      options.add("oldalloc");
    }
    if (!reservation) {
      options.add("noreservation");
    }
    return options.toString();
  }

  /** Returns all options as mount(8) takes them. */
  public String options() {
    return data() + "," + atime;
  }

  /** Returns the text that {@link #parse} reads; empty for {@link #DEFAULT}. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(",");
    if (atime != DEFAULT.atime) {
      text.add(atime.toString());
    }
    if (orlov) {
      text.add(ORLOV);
    }
    if (reservation) {
      text.add(RESERVATION);
    }
    if (!dax) {
      text.add(NO_DAX);
    }
    return text.toString();
  }
}
