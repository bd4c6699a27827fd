// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A schedule of the model as a program for the kernels of the laboratory: where the model stopped a
 * task, the kernel's task is parked at the rendezvous point that it came by last.
 *
 * <p>The text ends with what must hold whatever the schedule was: the other file has its own bytes,
 * and nobody reaches a page behind the end. A kernel without {@code dax_sem} misses it.
 */
public final class RendezvousExport {
  /** What a fault does, as program text. */
  private static final Map<Operation, String> FAULTS =
      Map.of(
          Operation.READ_HOLE, "load m 1P 1",
          Operation.READ_BLOCK, "load m 0 1",
          Operation.WRITE_HOLE, "store m 1P x4c",
          Operation.WRITE_BLOCK, "store m 0 x4c",
          Operation.PFN_MKWRITE, "store m 0 x4c",
          Operation.COPY_ON_WRITE, "store p 10 x4c");

  /** What takes pages away; more may follow in the model, which the program does itself. */
  private static final Map<Operation, String> TRUNCATIONS =
      Map.of(
          Operation.TRUNCATE_DOWN, "ftruncate a 0",
          Operation.TRUNCATE_PARTLY, "ftruncate a 100",
          Operation.OPEN_TRUNCATING, "open t /a rw trunc");

  private final Profile profile;
  private final Exploring.Named scenario;
  private final Finding finding;
  private final boolean locked;
  private final List<String> lines = new ArrayList<>();

  private RendezvousExport(
      Profile profile, Exploring.Named scenario, Finding finding, boolean locked) {
    this.profile = profile;
    this.scenario = scenario;
    this.finding = finding;
    this.locked = locked;
  }

  /**
   * Writes the program.
   *
   * @param profile the handlers that it was found on
   * @param scenario whose finding it is
   * @param finding a schedule without {@code dax_sem}
   * @param locked whether it is for kernels with the lock: there the truncation blocks where the
   *     schedule would have it run
   * @return empty if there is none, for the reason that {@link #obstacle} gives
   */
  public static Optional<String> text(
      Profile profile, Exploring.Named scenario, Finding finding, boolean locked) {
    return obstacle(profile, scenario).isPresent()
        ? Optional.empty()
        : new RendezvousExport(profile, scenario, finding, locked).written();
  }

  /** Why none of the kernels can follow schedules of a scenario; empty if one may. */
  public static Optional<String> obstacle(Profile profile, Exploring.Named scenario) {
    if (profile == Profile.V4_4) {
      return Optional.of("no kernel of the laboratory has the fault bodies of 2015");
    }
    if (!FAULTS.containsKey(scenario.left()) || !TRUNCATIONS.containsKey(scenario.right())) {
      return Optional.of("no rendezvous points for these operations");
    }
    if (scenario.huge() != (profile == Profile.SERIES)) {
      return Optional.of("no kernel has these handlers without dax_sem");
    }
    boolean firstPage = page(scenario) == 0;
    return firstPage && scenario.right() == Operation.TRUNCATE_PARTLY
        ? Optional.of("the page stays")
        : Optional.empty();
  }

  /** The page that the fault is for, of the mapping. */
  private static int page(Exploring.Named scenario) {
    return scenario.left() == Operation.READ_HOLE || scenario.left() == Operation.WRITE_HOLE
        ? 1
        : 0;
  }

  private Optional<String> written() {
    begin();
    if (!schedule()) {
      return Optional.empty();
    }
    if (locked) {
      reuse();
    }
    String mapping = scenario.left() == Operation.COPY_ON_WRITE ? "p" : "m";
    int page = page(scenario);
    String gone = " => signal=SIGBUS/2@" + mapping + "+" + page * World.PAGE;
    lines.add("in A load " + mapping + " " + page + "P 1" + gone);
    lines.add("in A store " + mapping + " " + page + "P x4c" + gone);
    lines.add("pread b " + (scenario.huge() ? "511P" : "0") + " 4096 => data=62*4096");
    return Optional.of(String.join("\n", lines) + "\n");
  }

  private String kernels() {
    if (scenario.huge()) {
      return locked ? "series" : "before patch1";
    }
    return locked ? "merged series posted-order" : "unlocked";
  }

  private void begin() {
    lines.add(
        "title "
            + scenario.name()
            + " of "
            + profile
            + " under '"
            + finding.schedule()
            + "': "
            + finding.message());
    lines.add("scope ext2");
    lines.add("kernels " + kernels());
    lines.add("");
    lines.add("open a /a rw creat");
    lines.add("open b /b rw creat");
    if (scenario.huge()) {
      // The second 2 MiB are in one piece: among the blocks of the first lies the indirect block.
      lines.add("pwrite a 1P x61*1048576");
      lines.add("pwrite a 257P x61*1048576");
      lines.add("pwrite a 513P x61*1048576");
      lines.add("pwrite a 769P x61*1044480");
      lines.add("mmap m a 512P 512P rw shared align=2m");
    } else {
      lines.add("pwrite a 0 x61*4096");
      lines.add("pwrite a 2P x61*4096");
      lines.add("mmap m a 0 5P rw shared");
      if (scenario.left() == Operation.COPY_ON_WRITE) {
        lines.add("mmap p a 0 2P rw private");
      }
    }
    lines.add("fork A");
    lines.add("fork B");
    if (scenario.left() == Operation.PFN_MKWRITE) {
      lines.add("in A load m 0 1");
    }
  }

  /** The other file gets the blocks; of the large file those that were mapped at once as well. */
  private void reuse() {
    if (scenario.huge()) {
      lines.add("pwrite b 0 x62*1048576");
      lines.add("pwrite b 256P x62*1048576");
      lines.add("pwrite b 512P x62*4096");
    } else {
      lines.add("pwrite b 0 x62*16384");
    }
  }

  /** False if a task stops where no point is. */
  private boolean schedule() {
    List<Step> steps = finding.steps();
    String[] parked = {"", ""};
    boolean[] begun = {false, false};
    boolean[] awaited = {false, false};
    int from = 0;
    while (from < steps.size()) {
      int task = steps.get(from).task();
      int to = from;
      while (to < steps.size() && steps.get(to).task() == task) {
        to++;
      }
      boolean goesOn = steps.subList(to, steps.size()).stream().anyMatch(s -> s.task() == task);
      if (!awaited[task]) {
        List<Step> all = steps.stream().filter(step -> step.task() == task).toList();
        int done = (int) steps.subList(0, to).stream().filter(s -> s.task() == task).count();
        boolean stops = goesOn && !(task == 1 && isOver(all.subList(0, done)));
        Optional<String> point = stops ? pointOf(task, all, done) : Optional.of("");
        if (point.isEmpty()) {
          return false;
        }
        String name = (char) ('A' + task) + "";
        boolean waits = locked && task == 1 && !awaited[0];
        if (!point.get().isEmpty() && !waits) {
          lines.add("park " + name + " " + point.get());
        }
        lines.add(
            begun[task]
                ? "release " + name + " " + parked[task]
                : "begin " + name + " " + does(task));
        begun[task] = true;
        if (waits) {
          lines.add("blocked B => result=0 in=ext2_setattr");
          lines.add("release A " + parked[0]);
          lines.add("await A");
          lines.add("await B => result=0");
          return true;
        }
        if (point.get().isEmpty()) {
          lines.add("await " + name);
          awaited[task] = true;
        } else {
          lines.add("arrive " + name + " " + point.get() + " => result=0");
        }
        parked[task] = point.get();
      }
      if (task == 1 && awaited[1] && !goesOn) {
        reuse();
      }
      from = to;
    }
    return awaited[0] && awaited[1];
  }

  private String does(int task) {
    return Objects.requireNonNull(
        task == 0 ? FAULTS.get(scenario.left()) : TRUNCATIONS.get(scenario.right()));
  }

  /** What the model's truncation does behind ftruncate(2), the program does itself. */
  private static boolean isOver(List<Step> done) {
    return done.stream().anyMatch(step -> is(step, Step.Kind.RELEASE, "sb_writers"));
  }

  private static boolean is(Step step, Step.Kind kind, String object) {
    return step.kind() == kind && step.object().contains(object);
  }

  /** A row of the table: after this step the kernel has come by this point. */
  private record Row(Step.Kind kind, String object, String point) {}

  private static final List<Row> FAULT =
      List.of(
          new Row(Step.Kind.ACQUIRE, "sb_pagefaults", "fault-before-dax-sem"),
          new Row(Step.Kind.ACQUIRE, "dax_sem", "fault-dax-sem-held"),
          new Row(Step.Kind.LOAD, "i_size", "fault-size-checked"),
          new Row(Step.Kind.ACQUIRE, "truncate_mutex", "alloc-mutex-held"),
          new Row(Step.Kind.RELEASE, "truncate_mutex", "alloc-mutex-released"),
          new Row(Step.Kind.RELEASE, "sb_pagefaults", "fault-dax-sem-released"));

  /** What a fault for 2 MiB comes by in place of those. */
  private static final Map<String, String> HUGE =
      Map.of("fault-size-checked", "pmd-size-checked", "fault-looked-up", "pmd-looked-up");

  /** The page table is changed before the entries are looked at, and once more after. */
  private static final List<Row> TRUNCATION =
      List.of(
          new Row(Step.Kind.ACQUIRE, "i_rwsem", "truncate-before-dax-sem"),
          new Row(Step.Kind.ACQUIRE, "dax_sem", "truncate-dax-sem-held"),
          new Row(Step.Kind.STORE, "i_size", "truncate-size-stored"),
          // No point lies between the entries and the second unmapping: what stops there goes on to
          // the next one.
          new Row(Step.Kind.LOAD, "DAX entries", "truncate-unmapped"),
          new Row(Step.Kind.ACQUIRE, "truncate_mutex", "truncate-mutex-held"),
          new Row(Step.Kind.RELEASE, "truncate_mutex", "truncate-mutex-released"),
          new Row(Step.Kind.RELEASE, "dax_sem", "truncate-dax-sem-released"));

  /** The last point of the table that a task has come by; empty if it stops before the first. */
  private Optional<String> pointOf(int task, List<Step> all, int done) {
    Optional<String> last = Optional.empty();
    for (int i = 0; i < done; i++) {
      Step step = all.get(i);
      for (Row row : task == 0 ? FAULT : TRUNCATION) {
        if (is(step, row.kind(), row.object())) {
          last = Optional.of(row.point());
        }
      }
      if (task == 0 && is(step, Step.Kind.LOAD, "block pointers")) {
        boolean allocates =
            i + 1 < all.size() && is(all.get(i + 1), Step.Kind.ACQUIRE, "truncate_mutex");
        last = Optional.of(allocates ? "alloc-before-mutex" : "fault-looked-up");
      }
    }
    return scenario.huge() ? last.map(point -> HUGE.getOrDefault(point, point)) : last;
  }

  /** All names that the table uses. */
  static List<String> points() {
    return Stream.concat(
            Stream.concat(FAULT.stream(), TRUNCATION.stream()).map(Row::point),
            Stream.concat(
                HUGE.values().stream(), Stream.of("alloc-before-mutex", "fault-looked-up")))
        .toList();
  }
}
