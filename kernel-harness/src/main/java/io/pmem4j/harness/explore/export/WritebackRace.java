// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.backend.model.ModelPoint.Path;
import io.pmem4j.harness.explore.scenario.Damage;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * S1: a store to a page that is mapped read-only, against writeback between its entry's tag and its
 * page table. No lock of the series is in the way; as merged the two change together.
 */
record WritebackRace(NamedScenario scenario) implements RaceExport {
  private static final Map<String, String> WRITEBACKS =
      Map.of("fsync", "fsync a", "msync", "msync m 0 1P sync");

  /** Returns whether a scenario is such a race. */
  static boolean isOf(NamedScenario scenario) {
    return scenario.left().equals("pfn-mkwrite")
        && WRITEBACKS.containsKey(scenario.right())
        && !scenario.huge();
  }

  @Override
  public Optional<String> obstacle(Profile profile) {
    return profile == Profile.SERIES
        ? Optional.empty()
        : Optional.of("no kernel has the series' pfn_mkwrite over these bodies");
  }

  @Override
  public boolean canBeShownBy(Finding finding) {
    return Damage.UNDURABLE_STORE.isShownBy(finding);
  }

  @Override
  public String kernels(boolean clean) {
    return clean ? "merged posted-order" : "series";
  }

  @Override
  public List<String> prologue() {
    return List.of(
        "open a /a rw creat",
        "pwrite a 0 x61*4096",
        "mmap m a 0 1P rw shared",
        "fsync a",
        "fork A",
        "fork B",
        "in A load m 0 1");
  }

  @Override
  public String command(int task) {
    return task == 0 ? "store m 0 x4c" : Objects.requireNonNull(WRITEBACKS.get(scenario.right()));
  }

  @Override
  public Path path(int task) {
    return task == 0 ? Path.SERIES_MKWRITE : Path.WRITEBACK;
  }

  /** Returns the expectation that the next fsync writes back a store made now. */
  @Override
  public List<String> assertions(boolean clean) {
    return List.of(
        "in A store m 1 x4d => result=1",
        "pread a 0 2 => data=4c4d",
        "fsync a => event:dax_writeback_one");
  }
}
