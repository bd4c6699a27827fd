// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns a schedule of the model into a program for booted kernels: where the model stopped a task,
 * the kernel's task is parked at the last rendezvous point that it passed.
 *
 * <p>The program ends with expectations that hold whatever the schedule was. A kernel with the race
 * misses them.
 */
public final class RendezvousExport {
  private RendezvousExport() {}

  /**
   * Returns the text of the program.
   *
   * @param profile the handlers that it was found on
   * @param scenario whose finding it is
   * @param finding a schedule that does damage
   * @param clean whether it is for kernels on which it does none: because the truncation blocks
   *     where the schedule would have it run, or because their handlers are others
   * @return empty if there is none, for the reason that {@link #obstacle} gives, or because no
   *     kernel can be stopped there, or would show it
   */
  public static Optional<String> text(
      Profile profile, NamedScenario scenario, Finding finding, boolean clean) {
    if (obstacle(profile, scenario).isPresent()) {
      return Optional.empty();
    }
    RaceExport race = race(scenario).orElseThrow();
    if (!race.canBeShownBy(finding)) {
      return Optional.empty();
    }
    return RendezvousScript.of(race, finding, clean)
        .map(schedule -> {
          List<String> lines = new ArrayList<>();
          lines.add(title(profile, scenario, finding));
          lines.add("scope ext2");
          lines.add("kernels " + race.kernels(clean));
          lines.add("");
          lines.addAll(race.prologue());
          lines.addAll(schedule);
          lines.addAll(race.assertions(clean));
          return String.join("\n", lines) + "\n";
        });
  }

  private static String title(Profile profile, NamedScenario scenario, Finding finding) {
    return "title %s of %s under '%s': %s"
        .formatted(scenario.name(), profile, finding.schedule(), finding.message());
  }

  private static Optional<RaceExport> race(NamedScenario scenario) {
    if (scenario.operations().size() > 2) {
      return Optional.empty();
    }
    if (TruncationRace.isOf(scenario)) {
      return Optional.of(new TruncationRace(scenario));
    }
    if (WritebackRace.isOf(scenario)) {
      return Optional.of(new WritebackRace(scenario));
    }
    return ZeroPageRace.isOf(scenario) ? Optional.of(new ZeroPageRace(scenario)) : Optional.empty();
  }

  /** Why none of the kernels can follow schedules of a scenario; empty if one may. */
  public static Optional<String> obstacle(Profile profile, NamedScenario scenario) {
    if (profile == Profile.V4_4) {
      return Optional.of("no bootable kernel has the fault bodies of 2015");
    }
    return race(scenario)
        .map(race -> race.obstacle(profile))
        .orElse(Optional.of("no rendezvous points for these operations"));
  }
}
