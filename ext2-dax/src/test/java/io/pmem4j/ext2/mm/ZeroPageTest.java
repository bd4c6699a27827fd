// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Handlers that let it be written (S2 of the explorer) harm their own mount and no other. */
class ZeroPageTest {
  private static byte seen(Pte entry) {
    byte[] target = {9};
    entry.read(5, target, 0, 1);
    return target[0];
  }

  @Test
  void everyHoleOfAMountShowsTheSamePage() {
    ZeroPage zeros = new ZeroPage();
    Pte.zeroPage(zeros).write(5, new byte[] {1}, 0, 1);
    assertThat(seen(Pte.zeroPage(zeros))).isEqualTo((byte) 1);
  }

  @Test
  void anotherMountHasItsOwn() {
    Pte.zeroPage(new ZeroPage()).write(5, new byte[] {1}, 0, 1);
    assertThat(seen(Pte.zeroPage(new ZeroPage()))).isZero();
  }
}
