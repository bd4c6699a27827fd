// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleBinaryOperator;

/**
 * A figure made of the tenth percentiles of two contenders, with the interval that holds 95 of 100
 * bootstrap resamples of the rounds.
 */
record Interval(double value, double low, double high) {
  private static final int RESAMPLES = 2000;

  static double p10(double[] samples) {
    return percentile(samples, 10);
  }

  static double percentile(double[] samples, int percent) {
    double[] sorted = samples.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length * percent / 100];
  }

  /** The two have been measured in the same rounds, and are resampled together. */
  static Interval of(double[] first, double[] second, DoubleBinaryOperator figure) {
    int rounds = first.length;
    double[] figures = new double[RESAMPLES];
    double[] a = new double[rounds];
    double[] b = new double[rounds];
    Random random = new Random(2);
    for (int i = 0; i < RESAMPLES; i++) {
      for (int round = 0; round < rounds; round++) {
        int drawn = random.nextInt(rounds);
        a[round] = first[drawn];
        b[round] = second[drawn];
      }
      figures[i] = figure.applyAsDouble(p10(a), p10(b));
    }
    Arrays.sort(figures);
    return new Interval(
        figure.applyAsDouble(p10(first), p10(second)),
        figures[(int) (0.025 * RESAMPLES)],
        figures[(int) (0.975 * RESAMPLES)]);
  }
}
