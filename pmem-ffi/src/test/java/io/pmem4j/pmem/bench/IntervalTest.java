// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The arithmetic of the bars, on samples that are made up. */
class IntervalTest {
  private static final int ROUNDS = 100;

  /** A cost with the noise of a busy machine: mostly small, sometimes large, never negative. */
  private static double[] samples(int seed, double cost) {
    Random random = new Random(seed);
    double[] samples = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      double burst = random.nextInt(4) == 0 ? 5 * random.nextDouble() : 0;
      samples[i] = cost * (1 + 0.01 * random.nextDouble() + burst);
    }
    return samples;
  }

  @Test
  void theTenthPercentileIgnoresBursts() {
    assertThat(Interval.p10(samples(1, 100))).isBetween(100.0, 101.0);
  }

  @Test
  void aRatioLiesInItsInterval() {
    Interval ratio = Interval.of(samples(1, 103), samples(2, 100), (a, b) -> a / b);
    assertThat(ratio.low()).isLessThanOrEqualTo(ratio.value());
    assertThat(ratio.high()).isGreaterThanOrEqualTo(ratio.value());
    assertThat(ratio.value()).isBetween(1.02, 1.04);
    assertThat(ratio.high() - ratio.low()).isLessThan(0.02);
  }

  @Test
  void aBarThatIsMissedDoesNotHold() {
    Interval slower = Interval.of(samples(1, 110), samples(2, 100), (a, b) -> a / b);
    assertThat(new Bar("b", slower, "", 1.03, true).holds()).isFalse();
    assertThat(new Bar("b", slower, "", 1.11, true).holds()).isTrue();
    assertThat(new Bar("b", slower, "", 1.05, false).holds()).isTrue();
    assertThat(new Bar("b", slower, "", 4, false).holds()).isFalse();
    assertThat(new Bar("b", slower, "", 1.03, true).line()).contains("DOES NOT HOLD");
    assertThat(new Bar("b", slower, "", 1.03, true).json()).contains("\"holds\":false");
  }

  /** An interval that straddles the limit shows nothing. */
  @Test
  void aBarHoldsWithItsWholeInterval() {
    Interval straddling = new Interval(1.02, 1.01, 1.04);
    assertThat(new Bar("b", straddling, "", 1.03, true).holds()).isFalse();
    assertThat(new Bar("b", straddling, "", 1.02, false).holds()).isFalse();
    assertThat(new Bar("b", straddling, "", 1.04, true).holds()).isTrue();
    assertThat(new Bar("b", straddling, "", 1.01, false).holds()).isTrue();
  }

  @Test
  void percentilesAreThoseOfTheSorted() {
    double[] samples = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      samples[i] = ROUNDS - i;
    }
    assertThat(Interval.percentile(samples, 50)).isEqualTo(51);
    assertThat(Interval.percentile(samples, 99)).isEqualTo(100);
    assertThat(Interval.p10(samples)).isEqualTo(11);
  }
}
