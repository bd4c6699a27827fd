// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.harness.backend.model.ModelPoint.Path;
import io.pmem4j.harness.explore.scenario.Damage;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import java.util.List;
import java.util.Optional;

/**
 * S2: a store to a hole that is mapped as the page of zeros, against write(2), which gives it a
 * block. No lock of the series is in the way; as merged the store waits for write(2).
 */
record ZeroPageRace(NamedScenario scenario) implements RaceExport {
  /**
   * The offset of the store in the page: a process that reads fresh memory there sees a byte that
   * is not zero.
   */
  private static final int AT = Mmu.PAGE_BYTES - 3;

  /** Returns whether a scenario is such a race. */
  static boolean isOf(NamedScenario scenario) {
    return scenario.left().equals("page-mkwrite") && scenario.right().equals("write");
  }

  @Override
  public Optional<String> obstacle(Profile profile) {
    return profile == Profile.SERIES
        ? Optional.empty()
        : Optional.of("no kernel has the series' pfn_mkwrite over these bodies");
  }

  @Override
  public boolean canBeShownBy(Finding finding) {
    return Damage.LOST_STORE.isShownBy(finding);
  }

  @Override
  public String kernels(boolean clean) {
    return clean ? "merged posted-order" : "series before";
  }

  @Override
  public List<String> prologue() {
    return List.of(
        "open a /a rw creat",
        "open b /b rw creat",
        "ftruncate a 1P",
        "ftruncate b 1P",
        "mmap m a 0 1P rw shared",
        "mmap o b 0 1P rw shared",
        "load o " + AT + " 1 => data=00",
        "fork A",
        "fork B",
        "in A load m 0 1 => data=00");
  }

  @Override
  public String command(int task) {
    return task == 0 ? "store m " + AT + " x4c" : "pwrite a 0 x57*4096";
  }

  @Override
  public Path path(int task) {
    return task == 0 ? Path.SERIES_ZERO_PAGE : Path.WRITE;
  }

  @Override
  public boolean faultWaitsForOtherTask() {
    return true;
  }

  /**
   * Returns the check and the repair of the page of zeros, which is writable then: all other holes
   * show it.
   */
  @Override
  public List<String> epilogue(int task) {
    return task == 0 ? List.of(claim(), "in A store m " + AT + " x00") : List.of();
  }

  @Override
  public List<String> assertions(boolean clean) {
    return List.of(claim());
  }

  /** A hole of another file reads as zeros. */
  private static String claim() {
    return "load o " + AT + " 1 => data=00";
  }
}
