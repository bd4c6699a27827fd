// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Stream;

/**
 * The options of mount(8) that a program or a run may choose. DAX is always on.
 *
 * @param atime the accesses that change {@code i_atime}
 * @param orlov directories are spread by Orlov's rule, and not by the old one
 * @param reservation files allocate from reservation windows
 */
public record ProgramMount(AtimeOption atime, boolean orlov, boolean reservation) {
  /** The mount of a program that names no option: what depends on no choice of the kernel. */
  public static final ProgramMount DEFAULT = new ProgramMount(AtimeOption.NOATIME, false, false);

  private static final String ORLOV = "orlov";
  private static final String RESERVATION = "reservation";

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
            case ORLOV -> new ProgramMount(mount.atime, true, mount.reservation);
            case RESERVATION -> new ProgramMount(mount.atime, mount.orlov, true);
            case DEFAULTS -> new ProgramMount(AtimeOption.RELATIME, true, true);
            default ->
                new ProgramMount(
                    AtimeOption.of(option).orElseThrow(() -> unknown(option)),
                    mount.orlov,
                    mount.reservation);
          };
    }
    return mount;
  }

  private static IllegalArgumentException unknown(String option) {
    List<String> known =
        Stream.concat(
                Arrays.stream(AtimeOption.values()).map(AtimeOption::toString),
                Stream.of(ORLOV, RESERVATION, DEFAULTS))
            .toList();
    return new IllegalArgumentException(
        "unknown mount option '" + option + "', expected one of " + known);
  }

  /** Returns this mount with the options of another one too; a choice of this one stays. */
  public ProgramMount and(ProgramMount other) {
    return new ProgramMount(
        atime == AtimeOption.NOATIME ? other.atime : atime,
        orlov || other.orlov,
        reservation || other.reservation);
  }

  /** Returns the options of ext2 as mount(2) takes them, without those of access times. */
  public String data() {
    return "dax" + (orlov ? "" : ",oldalloc") + (reservation ? "" : ",noreservation");
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
    return text.toString();
  }
}
