// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OutcomeTest {
  private final Outcome outcome =
      Outcome.builder()
          .value("result", 4)
          .value("data", "00ff")
          .events(List.of("dax_pte_fault ino=12 - pgoff=0", "dax_pte_fault_done ino=12 NOPAGE"))
          .build();

  @Test
  void valuesAreComparedWhole() {
    assertThat(outcome.satisfies("result=4")).isTrue();
    assertThat(outcome.satisfies("data=00ff")).isTrue();
    assertThat(outcome.satisfies("data=00")).isFalse();
    assertThat(outcome.satisfies("errno=ENOSPC")).isFalse();
  }

  @Test
  void eventsAreCountedByTheirWholeName() {
    assertThat(outcome.satisfies("event:dax_pte_fault")).isTrue();
    assertThat(outcome.satisfies("event:dax_pte_fault*2")).isFalse();
    assertThat(outcome.satisfies("event:dax_load_hole*0")).isTrue();
    assertThat(outcome.satisfies("no-events")).isFalse();
    assertThat(Outcome.of(0).satisfies("no-events")).isTrue();
  }

  @Test
  void equalityIncludesTheOrderOfEvents() {
    assertThat(outcome).isNotEqualTo(new Outcome(outcome.values(), outcome.events().reversed()));
    assertThat(outcome).isEqualTo(new Outcome(outcome.values(), outcome.events()));
  }

  @Test
  void aSignalIsAskedForByType() {
    assertThat(outcome.isSignal()).isFalse();
    Outcome signal = Outcome.builder().value("signal", "SIGBUS/2@m+0").build();
    assertThat(signal.isSignal()).isTrue();
    assertThat(Outcome.builder().value("data", "signal=").build().isSignal()).isFalse();
    assertThat(outcome.without(Set.of("data")).values()).containsOnlyKeys("result");
  }
}
