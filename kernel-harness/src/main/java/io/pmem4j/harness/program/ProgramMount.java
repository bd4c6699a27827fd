// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The options of mount(8) that a program or a run may choose.
 *
 * @param atime the accesses that change {@code i_atime}
 * @param orlov directories are spread by Orlov's rule, and not by the old one
 * @param reservation files allocate from reservation windows
 * @param dax DAX is asked for; without it the text is {@code nodax}, which mount(8) does not have
 * @param more other options of ext2, in the order in which mount(2) gets them
 */
public record ProgramMount(
    AtimeOption atime, boolean orlov, boolean reservation, boolean dax, List<String> more) {
  /** The mount of a program that names no option: what depends on no choice of the kernel. */
  public static final ProgramMount DEFAULT =
      new ProgramMount(AtimeOption.NOATIME, false, false, true, List.of());

  /** Copies the other options. */
  public ProgramMount {
    more = List.copyOf(more);
  }

  private static final String ORLOV = "orlov";
  private static final String RESERVATION = "reservation";
  private static final String NO_DAX = "nodax";

  /** Options of mount(8) that mount(2) takes as flags, with {@code MS_RDONLY} and so on. */
  private static final Map<String, Long> FLAGS = Map.of("ro", 1L, "sync", 16L, "dirsync", 128L);

  /** The flags of {@code MS_RMT_MASK} among them, which a remount sets anew. */
  private static final long SET_ANEW = 1L | 16L;

  /** Options without a value that are handed on. */
  private static final List<String> WORDS =
      List.of(
          "ro",
          "sync",
          "dirsync",
          "minixdf",
          "grpid",
          "bsdgroups",
          "nouid32",
          "debug",
          "nobh",
          "nouser_xattr",
          "noacl",
          "errors=continue",
          "errors=remount-ro",
          "errors=panic");

  /** Options with a number that are handed on. */
  private static final List<String> NUMBERS = List.of("sb=", "resuid=", "resgid=");

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
            case ORLOV ->
                new ProgramMount(mount.atime, true, mount.reservation, mount.dax, mount.more);
            case RESERVATION ->
                new ProgramMount(mount.atime, mount.orlov, true, mount.dax, mount.more);
            case DEFAULTS ->
                new ProgramMount(AtimeOption.RELATIME, true, true, mount.dax, mount.more);
            case NO_DAX ->
                new ProgramMount(mount.atime, mount.orlov, mount.reservation, false, mount.more);
            default -> mount.with(option);
          };
    }
    return mount;
  }

  private ProgramMount with(String option) {
    boolean handedOn =
        WORDS.contains(option)
            || NUMBERS.stream()
                .anyMatch(each ->
                    option.startsWith(each)
                        && option.substring(each.length()).matches("[0-9]{1,9}"));
    if (handedOn) {
      List<String> others = Stream.concat(more.stream(), Stream.of(option)).toList();
      return new ProgramMount(atime, orlov, reservation, dax, others);
    }
    return new ProgramMount(
        AtimeOption.of(option).orElseThrow(() -> unknown(option)), orlov, reservation, dax, more);
  }

  private static IllegalArgumentException unknown(String option) {
    List<String> known =
        Stream.concat(
                Arrays.stream(AtimeOption.values()).map(AtimeOption::toString),
                Stream.of(ORLOV, RESERVATION, NO_DAX, DEFAULTS))
            .collect(Collectors.toCollection(ArrayList::new));
    known.addAll(WORDS);
    known.addAll(NUMBERS);
    return new IllegalArgumentException(
        "unknown mount option '" + option + "', expected one of " + known);
  }

  /** Returns this mount with the options of another one too; a choice of this one stays. */
  public ProgramMount and(ProgramMount other) {
    return new ProgramMount(
        atime == AtimeOption.NOATIME ? other.atime : atime,
        orlov || other.orlov,
        reservation || other.reservation,
        dax && other.dax,
        Stream.concat(other.more.stream(), more.stream()).toList());
  }

  /** Returns the flags that mount(2) takes, those of access times among them. */
  public long flags() {
    long flags = atime.mountFlag();
    for (String each : more) {
      flags |= FLAGS.getOrDefault(each, 0L);
    }
    return flags;
  }

  /** Returns the flags that a remount keeps: {@code MS_DIRSYNC} and those of access times. */
  public long keptFlags() {
    return flags() & ~SET_ANEW;
  }

  /** Returns the options of ext2 as mount(2) takes them, without those that are flags. */
  public String data() {
    return text(each -> !FLAGS.containsKey(each));
  }

  private String text(Predicate<String> chosen) {
    StringJoiner options = new StringJoiner(",");
    // The place of the superblock counts at the beginning alone.
    more.stream().filter(each -> each.startsWith("sb=")).forEach(options::add);
    if (dax) {
      options.add("dax");
    }
    if (!orlov) {
      options.add("oldalloc");
    }
    if (!reservation) {
      options.add("noreservation");
    }
    more.stream()
        .filter(each -> !each.startsWith("sb=") && chosen.test(each))
        .forEach(options::add);
    return options.toString();
  }

  /** Returns all options as mount(8) takes them. */
  public String options() {
    return text(_ -> true) + "," + atime;
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
    more.forEach(text::add);
    return text.toString();
  }
}
