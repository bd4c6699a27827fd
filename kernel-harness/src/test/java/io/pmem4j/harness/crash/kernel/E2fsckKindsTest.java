// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class E2fsckKindsTest {
  @Test
  void numbersAndNamesAreNoKinds() {
    String output =
        """
        e2fsck 1.47.0 (5-Feb-2023)
        Pass 1: Checking inodes, blocks, and sizes
        Inode 12, i_blocks is 16, should be 8.  Fix? no
        Pass 2: Checking directory structure
        Entry 'one' in / (11) has deleted/unused inode 12.  Clear? no
        Entry 'two' in / (2) has deleted/unused inode 13.  Clear? no
        Block bitmap differences:  -1034 +(1040--1047)
        Fix? no
        """;
    assertThat(E2fsckKinds.of(output)).hasSize(3);
    assertThat(E2fsckKinds.of(output.replace("1034", "99").replace("one", "other")))
        .isEqualTo(E2fsckKinds.of(output));
    assertThat(E2fsckKinds.of("")).isEmpty();
  }
}
