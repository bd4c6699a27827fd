// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bytes that a copy of 6.12 leaves; the values were seen on the kernel. */
class StoppedCopyTest {
  @ParameterizedTest
  @CsvSource({
    "7, 95, 200,  93",
    "0, 95, 4191, 92",
    "1, 6,  20,   3",
    "2, 6,  20,   6",
    "4, 3,  20,   0",
    "0, 5,  7,    4",
    "4, 2,  100,  0",
  })
  void whatIsCopiedEndsAtAWordOrHalfOfOne(long address, int available, int asked, int copied) {
    assertThat(StoppedCopy.length(address, available, asked)).isEqualTo(copied);
  }

  @ParameterizedTest
  @CsvSource({"0, 64", "3, 9", "7, 1", "5, 6"})
  void whatHasNoEndIsWhole(long address, int asked) {
    assertThat(StoppedCopy.length(address, asked, asked)).isEqualTo(asked);
  }
}
