// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The target of the fuzzer accepts inputs that a seed chooses, whose offsets prefer metadata. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImageFuzzTest {
  private static final int INPUTS = 96;
  private static final int[] REACHES = {2048, 8192, 32 << 10, 384 << 10};

  @Test
  void noInputEndsInAnUnexpectedException() {
    for (int seed = 0; seed < INPUTS; seed++) {
      byte[] input = input(seed);
      assertThatCode(() -> ImageFuzz.fuzzerTestOneInput(input))
          .as("seed " + seed)
          .doesNotThrowAnyException();
    }
  }

  private static byte[] input(int seed) {
    Random random = new Random(seed);
    byte[] input = new byte[1 + 8 * (1 + random.nextInt(4))];
    random.nextBytes(input);
    input[0] = (byte) seed;
    for (int at = 1; at < input.length; at += 8) {
      int offset = random.nextInt(REACHES[random.nextInt(REACHES.length)]);
      input[at] = (byte) offset;
      input[at + 1] = (byte) (offset >> 8);
      input[at + 2] = (byte) (offset >> 16);
      input[at + 3] = 3;
    }
    return input;
  }
}
