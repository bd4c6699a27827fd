// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.campaign.journal.JournalRecord.CutOutcome;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A difference decides over a cut only if a reboot alone does not make it. */
class HardwareChangeTest {
  private static List<HardwareChange> change(String attribute, String before, String after) {
    return HardwareChange.between(
        Map.of("pmem0." + attribute, before), Map.of("pmem0." + attribute, after));
  }

  @Test
  void namesThatTheKernelCountsAtEachBootDecideNothing() {
    assertThat(change("namespace", "pfn0.0", "pfn0.1")).isEmpty();
    assertThat(change("region", "region0", "region1")).isEmpty();
    assertThat(change("scrub", "1", "2")).isEmpty();
  }

  @Test
  void anotherMachineComesBeforeALossOfThePlatform() {
    List<HardwareChange> changes =
        HardwareChange.between(
            Map.of("pmem0.nmem0.dirty_shutdown", "1", "pmem0.size", "1"),
            Map.of("pmem0.nmem0.dirty_shutdown", "2", "pmem0.size", "2"));
    assertThat(changes)
        .extracting(HardwareChange::outcome)
        .containsExactly(CutOutcome.ENVIRONMENT, CutOutcome.PLATFORM);
  }

  @Test
  void aModuleThatIsGoneIsAnotherMachine() {
    assertThat(HardwareChange.between(Map.of("pmem0.nmem0.identity", "{id=1}"), Map.of()))
        .singleElement()
        .satisfies(change -> assertThat(change.outcome()).isEqualTo(CutOutcome.ENVIRONMENT))
        .satisfies(change -> assertThat(change.words()).contains("is absent"));
  }

  @Test
  void aRegionThatIsReadOnlyBecauseItsModuleFailedIsThePlatformsLoss() {
    Map<String, String> before =
        Map.of("pmem0.read_only", "0", "pmem0.nmem0.flags", "", "pmem1.read_only", "0");
    Map<String, String> unarmed =
        Map.of("pmem0.read_only", "1", "pmem0.nmem0.flags", "not_armed", "pmem1.read_only", "0");
    assertThat(HardwareChange.between(before, unarmed))
        .singleElement()
        .satisfies(change -> assertThat(change.outcome()).isEqualTo(CutOutcome.PLATFORM))
        .satisfies(change -> assertThat(change.words()).contains("flags has not_armed now"));
    Map<String, String> both =
        Map.of("pmem0.read_only", "1", "pmem0.nmem0.flags", "not_armed", "pmem1.read_only", "1");
    assertThat(HardwareChange.between(before, both))
        .as("the other device has no module that failed")
        .extracting(HardwareChange::outcome)
        .containsExactly(CutOutcome.ENVIRONMENT, CutOutcome.PLATFORM);
  }
}
