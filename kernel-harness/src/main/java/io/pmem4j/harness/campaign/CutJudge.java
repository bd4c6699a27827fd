// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import io.pmem4j.harness.campaign.journal.JournalRecord.CutBegun;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutKind;
import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The judgement of a cut by the hardware before and after it. */
final class CutJudge {
  /** A scrub of a large module takes minutes. */
  private static final int SCRUB_LOOKS = 1800;

  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

  private final Machine machine;
  private final List<TestedPlace> places;

  CutJudge(Machine machine, List<TestedPlace> places) {
    this.machine = machine;
    this.places = List.copyOf(places);
  }

  /**
   * Reads the hardware, once no scrub is running: poison that it has not found yet would end a
   * reader.
   *
   * @throws CampaignException if the scrub does not end
   */
  HardwareState read() throws IOException, InterruptedException {
    HardwareState state = HardwareState.read(machine, places);
    for (int looks = 0; state.scrubs(); looks++) {
      if (looks == SCRUB_LOOKS) {
        throw new CampaignException(
            "a scrub of the modules still runs after %d s: verify when it has ended"
                .formatted(SCRUB_LOOKS * BETWEEN_LOOKS.toSeconds()));
      }
      machine.pause().during(BETWEEN_LOOKS);
      state = HardwareState.read(machine, places);
    }
    return state;
  }

  /**
   * Returns the reason for which the hardware decides over a cut; empty if the state of the lanes
   * does.
   */
  Optional<HardwareChange> decide(
      Map<String, String> before, HardwareState now, Optional<CutBegun> cut) throws IOException {
    String boot = before.getOrDefault(HardwareState.BOOT, "");
    if (cut.map(CutBegun::kind).orElse(CutKind.KILL) == CutKind.POWER
        && boot.equals(now.boot().bootId())) {
      return Optional.of(
          new HardwareChange(
              CutOutcome.ENVIRONMENT,
              "no reboot happened: the boot id is still " + boot + "; mend --power-cmd"));
    }
    List<HardwareChange> changes = HardwareChange.between(before, now.facts());
    if (!changes.isEmpty()) {
      CutOutcome outcome = changes.getFirst().outcome();
      return Optional.of(
          new HardwareChange(
              outcome,
              changes.stream()
                  .filter(change -> change.outcome() == outcome)
                  .map(HardwareChange::words)
                  .collect(Collectors.joining("; "))));
    }
    List<String> poisoned = new PoisonedFiles(machine, places).appeared(before, now);
    return poisoned.isEmpty()
        ? Optional.empty()
        : Optional.of(new HardwareChange(CutOutcome.PLATFORM, String.join("; ", poisoned)));
  }
}
