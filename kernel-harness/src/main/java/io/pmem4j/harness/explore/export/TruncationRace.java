// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.harness.backend.model.ModelPoint.Path;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A fault against a truncation. Without {@code dax_sem} a page of another file, or a page past EOF,
 * is mapped; with it the truncation waits.
 */
record TruncationRace(NamedScenario scenario) implements RaceExport {
  /** The faults, as program text. */
  private static final Map<String, String> FAULTS =
      Map.of(
          "read-hole", "load m 1P 1",
          "read-block", "load m 0 1",
          "write-hole", "store m 1P x4c",
          "write-block", "store m 0 x4c",
          "pfn-mkwrite", "store m 0 x4c",
          "copy-on-write", "store p 10 x4c");

  /**
   * The operations that remove pages; further steps of the model's operation are written into the
   * program.
   */
  private static final Map<String, String> TRUNCATIONS =
      Map.of(
          "truncate-down", "ftruncate a 0",
          "truncate-partly", "ftruncate a 100",
          "open-truncating", "open t /a rw trunc");

  /** The second 2 MiB are in one piece: among the blocks of the first lies the indirect block. */
  private static final List<String> HUGE_FILE =
      List.of(
          "pwrite a 1P x61*1048576",
          "pwrite a 257P x61*1048576",
          "pwrite a 513P x61*1048576",
          "pwrite a 769P x61*1044480",
          "mmap m a 512P 512P rw shared align=2m");

  /** Returns whether a scenario is such a race. */
  static boolean isOf(NamedScenario scenario) {
    return FAULTS.containsKey(scenario.left()) && TRUNCATIONS.containsKey(scenario.right());
  }

  /** The page that the fault is for, of the mapping. */
  private int page() {
    return scenario.left().equals("read-hole") || scenario.left().equals("write-hole") ? 1 : 0;
  }

  @Override
  public Optional<String> obstacle(Profile profile) {
    if (scenario.huge() != (profile == Profile.SERIES)) {
      return Optional.of("no kernel has these handlers without dax_sem");
    }
    return page() == 0 && scenario.right().equals("truncate-partly")
        ? Optional.of("the page stays")
        : Optional.empty();
  }

  @Override
  public boolean canBeShownBy(Finding finding) {
    return true;
  }

  @Override
  public String kernels(boolean clean) {
    if (scenario.huge()) {
      return clean ? "series" : "before patch1";
    }
    return clean ? "merged series posted-order" : "unlocked";
  }

  @Override
  public List<String> prologue() {
    List<String> lines = new ArrayList<>();
    lines.add("open a /a rw creat");
    lines.add("open b /b rw creat");
    if (scenario.huge()) {
      lines.addAll(HUGE_FILE);
    } else {
      lines.add("pwrite a 0 x61*4096");
      lines.add("pwrite a 2P x61*4096");
      lines.add("mmap m a 0 5P rw shared");
      if (scenario.left().equals("copy-on-write")) {
        lines.add("mmap p a 0 2P rw private");
      }
    }
    lines.add("fork A");
    lines.add("fork B");
    if (scenario.left().equals("pfn-mkwrite")) {
      lines.add("in A load m 0 1");
    }
    return lines;
  }

  @Override
  public String command(int task) {
    return Objects.requireNonNull(
        task == 0 ? FAULTS.get(scenario.left()) : TRUNCATIONS.get(scenario.right()));
  }

  /**
   * Returns true after ftruncate(2): the program contains the rest of the model's truncation
   * itself.
   */
  @Override
  public boolean isDone(List<Step> done) {
    return done.stream()
        .anyMatch(step -> RaceExport.is(step, Step.Kind.RELEASE, LockClass.SB_WRITERS));
  }

  @Override
  public Path path(int task) {
    if (task == 1) {
      return Path.EXPORTED_TRUNCATION;
    }
    return scenario.huge() ? Path.HUGE_FAULT : Path.FAULT;
  }

  @Override
  public Optional<String> blockedIn() {
    return Optional.of("ext2_setattr");
  }

  /** The other file gets the blocks. */
  @Override
  public List<String> epilogue(int task) {
    return task == 1 ? allocateFreedBlocksToB() : List.of();
  }

  /**
   * Returns the writes that give the freed blocks to the other file; of the large file, those that
   * were mapped at once as well.
   */
  private List<String> allocateFreedBlocksToB() {
    return scenario.huge()
        ? List.of("pwrite b 0 x62*1048576", "pwrite b 256P x62*1048576", "pwrite b 512P x62*4096")
        : List.of("pwrite b 0 x62*16384");
  }

  /**
   * Returns expectations that the other file holds its own bytes and that no process reaches a page
   * past EOF.
   */
  @Override
  public List<String> assertions(boolean clean) {
    List<String> lines = new ArrayList<>();
    if (clean) {
      lines.addAll(allocateFreedBlocksToB());
    }
    String mapping = scenario.left().equals("copy-on-write") ? "p" : "m";
    String gone = " => signal=SIGBUS/2@" + mapping + "+" + page() * Mmu.PAGE_BYTES;
    lines.add("in A load " + mapping + " " + page() + "P 1" + gone);
    lines.add("in A store " + mapping + " " + page() + "P x4c" + gone);
    lines.add("pread b " + (scenario.huge() ? "511P" : "0") + " 4096 => data=62*4096");
    return lines;
  }
}
