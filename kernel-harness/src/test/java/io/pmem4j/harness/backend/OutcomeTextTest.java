// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Program;
import org.junit.jupiter.api.Test;

class OutcomeTextTest {
  @Test
  void shortDataIsHexAndLongDataIsRuns() {
    assertThat(OutcomeText.data(new byte[] {0, 0x41})).isEqualTo("0041");
    assertThat(OutcomeText.data(new byte[0])).isEmpty();
    byte[] page = new byte[4096];
    page[4095] = 7;
    assertThat(OutcomeText.data(page)).isEqualTo("00*4095.07*1");
  }

  @Test
  void differentDataNeverLooksTheSame() {
    byte[] a = new byte[20];
    byte[] b = new byte[20];
    a[3] = 1;
    b[4] = 1;
    assertThat(OutcomeText.data(a)).isNotEqualTo(OutcomeText.data(b));
  }

  @Test
  void signalsNameTheMappingAndTheOffset() {
    assertThat(OutcomeText.signal(7, 2, "m", 8292)).isEqualTo("SIGBUS/2@m+8292");
    assertThat(OutcomeText.signal(11, 1, "m", -1)).isEqualTo("SIGSEGV/1@m-1");
  }

  @Test
  void timesAreRelative() {
    assertThat(OutcomeText.time(Program.CLOCK_BASE_SECONDS + 3)).isEqualTo("+3");
    assertThat(OutcomeText.time(Program.CLOCK_BASE_SECONDS - 3)).isEqualTo("-3");
  }
}
