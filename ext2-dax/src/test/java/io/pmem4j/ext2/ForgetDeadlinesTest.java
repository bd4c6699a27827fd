// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A file that is never forgotten costs its time once. */
class ForgetDeadlinesTest {
  private long now = Long.MAX_VALUE - 5;

  private final ForgetDeadlines deadlines = new ForgetDeadlines(() -> now);

  @Test
  void eachInodeHasItsOwnTimeFromTheFirstQuestionOn() {
    assertThat(deadlines.awaits(12)).isTrue();
    now += ForgetDeadlines.NANOS - 1;
    assertThat(deadlines.awaits(12)).isTrue();
    assertThat(deadlines.awaits(13)).isTrue();
    now++;
    assertThat(deadlines.awaits(12)).isFalse();
    assertThat(deadlines.awaits(13)).isTrue();
    now += 10 * ForgetDeadlines.NANOS;
    assertThat(deadlines.awaits(12)).as("no second time").isFalse();
  }

  @Test
  void anInodeWithAUserBeginsAnew() {
    assertThat(deadlines.awaits(12)).isTrue();
    now += ForgetDeadlines.NANOS;
    assertThat(deadlines.awaits(12)).isFalse();
    deadlines.remove(12);
    assertThat(deadlines.awaits(12)).isTrue();
  }
}
