// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.harness.device.PersistenceDomain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of hardware as text, and the refusal of others. */
class GuestMachineTest {
  @Test
  void wordsAreReadInAnyOrder() {
    assertThat(GuestMachine.parse("domain=cpu"))
        .isEqualTo(new GuestMachine(PersistenceDomain.CPU_CACHE, true, false));
    assertThat(GuestMachine.parse("unarmed,domain=memory"))
        .isEqualTo(new GuestMachine(PersistenceDomain.MEMORY_CONTROLLER, false, false));
    assertThat(GuestMachine.parse("domain=none")).isEqualTo(GuestMachine.DEFAULT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"domain=cpu", "domain=memory,unarmed", "domain=none", "cxl"})
  void theTextOfARowIsReadAgain(String row) {
    assertThat(GuestMachine.parse(row)).hasToString(row);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "domain=battery         | unknown word 'domain=battery', expected domain=cpu",
        "armed                  | unknown word 'armed', expected",
        "domain=cpu,            | unknown word ''",
        "''                     | unknown word ''",
        "domain=cpu,domain=none | 'domain=none' follows another word of its kind",
        "cxl,unarmed            | unknown word 'cxl'",
        "unarmed,unarmed        | 'unarmed' follows another word of its kind",
      })
  void anythingElseIsRefusedByItsWord(String row, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GuestMachine.parse(row))
        .withMessageStartingWith("machine '" + row + "': ")
        .withMessageContaining(message);
  }
}
