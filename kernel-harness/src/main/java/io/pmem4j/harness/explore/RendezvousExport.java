// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  /** What a task does, as program text, and the step that ends it; more may follow in the model. */
  private static final Map<Operation, String> TEXTS =
      Map.of(
          Operation.READ_HOLE, "load m 1P 1",
          Operation.READ_BLOCK, "load m 0 1",
          Operation.WRITE_HOLE, "store m 1P x4c",
          Operation.WRITE_BLOCK, "store m 0 x4c",
          Operation.PFN_MKWRITE, "store m 0 x4c",
          Operation.TRUNCATE_DOWN, "ftruncate a 0");

  private RendezvousExport() {}

  /**
   * Writes the program.
   *
   * @param scenario whose finding it is
   * @param finding a schedule without {@code dax_sem}, under the handlers of 5.10
   * @param locked whether it is for kernels with the lock: there the truncation blocks where the
   *     schedule would have it run
   * @return empty if the operations or the places are none that the kernels can be stopped at
   */
  public static Optional<String> text(Exploring.Named scenario, Finding finding, boolean locked) {
    if (scenario.huge()
        || scenario.left().kind() != Operation.Kind.FAULT
        || !TEXTS.containsKey(scenario.left())
        || scenario.right() != Operation.TRUNCATE_DOWN) {
      return Optional.empty();
    }
    List<String> lines = new ArrayList<>(beginning(scenario, finding, locked));
    if (!schedule(scenario, finding, locked, lines)) {
      return Optional.empty();
    }
    int page =
        scenario.left() == Operation.READ_HOLE || scenario.left() == Operation.WRITE_HOLE ? 1 : 0;
    String gone = " => signal=SIGBUS/2@m+" + page * World.PAGE;
    lines.add("pwrite b 0 x62*16384");
    lines.add("in A load m " + page + "P 1" + gone);
    lines.add("in A store m " + page + "P x4c" + gone);
    lines.add("pread b 0 16384 => data=62*16384");
    return Optional.of(String.join("\n", lines) + "\n");
  }

  private static List<String> beginning(Exploring.Named scenario, Finding finding, boolean locked) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "title " + scenario.name() + " under '" + finding.schedule() + "': " + finding.message());
    lines.add("scope ext2");
    lines.add("kernels " + (locked ? "merged series posted-order" : "unlocked"));
    lines.add("");
    lines.add("open a /a rw creat");
    lines.add("open b /b rw creat");
    lines.add("pwrite a 0 x61*4096");
    lines.add("pwrite a 2P x61*4096");
    lines.add("mmap m a 0 5P rw shared");
    lines.add("fork A");
    lines.add("fork B");
    if (scenario.left() == Operation.PFN_MKWRITE) {
      lines.add("in A load m 0 1");
    }
    return lines;
  }

  /** False if a task stops where no point is. */
  private static boolean schedule(
      Exploring.Named scenario, Finding finding, boolean locked, List<String> lines) {
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
      if (!awaited[task]) {
        int end = to;
        List<Step> done =
            steps.subList(0, to).stream().filter(step -> step.task() == task).toList();
        boolean goesOn = steps.subList(end, steps.size()).stream().anyMatch(s -> s.task() == task);
        Operation operation = task == 0 ? scenario.left() : scenario.right();
        Optional<String> point =
            goesOn && !isOver(operation, done) ? pointOf(operation, done) : Optional.of("");
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
                : "begin " + name + " " + TEXTS.get(operation));
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
      from = to;
    }
    return awaited[0] && awaited[1];
  }

  /** What the model's truncation does behind ftruncate(2), the program does itself. */
  private static boolean isOver(Operation operation, List<Step> done) {
    return operation == Operation.TRUNCATE_DOWN
        && done.stream().anyMatch(step -> is(step, Step.Kind.RELEASE, "sb_writers"));
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

  /** The page table is changed before the entries are looked at, and once more after. */
  private static final List<Row> TRUNCATION =
      List.of(
          new Row(Step.Kind.ACQUIRE, "i_rwsem", "truncate-before-dax-sem"),
          new Row(Step.Kind.ACQUIRE, "dax_sem", "truncate-dax-sem-held"),
          new Row(Step.Kind.STORE, "i_size", "truncate-size-stored"),
          new Row(Step.Kind.STORE, "page table", "truncate-unmapped"),
          new Row(Step.Kind.ACQUIRE, "truncate_mutex", "truncate-mutex-held"),
          new Row(Step.Kind.RELEASE, "truncate_mutex", "truncate-mutex-released"),
          new Row(Step.Kind.RELEASE, "dax_sem", "truncate-dax-sem-released"));

  /** The last point of the table that a task has come by; empty if it stops before the first. */
  private static Optional<String> pointOf(Operation operation, List<Step> done) {
    Optional<String> last = Optional.empty();
    boolean entries = false;
    for (Step step : done) {
      entries |= is(step, Step.Kind.LOAD, "DAX entries");
      for (Row row : operation.kind() == Operation.Kind.FAULT ? FAULT : TRUNCATION) {
        boolean early = row.point().equals("truncate-unmapped") && !entries;
        if (is(step, row.kind(), row.object()) && !early) {
          last = Optional.of(row.point());
        }
      }
    }
    return last;
  }

  /** All names that the table uses. */
  static List<String> points() {
    return Stream.concat(FAULT.stream(), TRUNCATION.stream()).map(Row::point).toList();
  }
}
