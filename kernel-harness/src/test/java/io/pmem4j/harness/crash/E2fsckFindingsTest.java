// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.crash.E2fsckFindings.Listed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The closed list against lines of e2fsck. */
class E2fsckFindingsTest {
  @Test
  void whatACrashMayLeaveIsOnTheList() {
    E2fsckFindings findings =
        E2fsckFindings.of(
            """
            e2fsck exit 4: e2fsck 1.47.0 (5-Feb-2023)
            Pass 1: Checking inodes, blocks, and sizes
            Deleted inode 12 has zero dtime.  Fix? no

            Inode 13, i_size is 0, should be 4096.  Fix? no

            Inode 13, i_blocks is 0, should be 8.  Fix? no

            Extended attribute block 12 has reference count 2, should be 1.  Fix? no

            Pass 4: Checking reference counts
            Unattached inode 13
            Connect to /lost+found? no

            Unattached zero-length inode 12.  Clear? no

            Inode 14 ref count is 2, should be 1.  Fix? no

            Pass 5: Checking group summary information
            Block bitmap differences:  -9 -(11--14)
            Fix? no

            Inode bitmap differences:  -12
            Fix? no

            Free blocks count wrong for group #0 (240, counted=239).
            Fix? no

            /image: ********** WARNING: Filesystem still has errors **********

            /image: 12/32 files (0.0% non-contiguous), 16/256 blocks\
            """);
    assertThat(findings.unlisted()).isEmpty();
    assertThat(findings.listed())
        .containsExactly(
            Listed.DELETED_WITHOUT_TIME,
            Listed.BLOCKS_PAST_SIZE,
            Listed.SECTORS,
            Listed.ATTRIBUTE_REFERENCES_TOO_HIGH,
            Listed.ORPHAN,
            Listed.ORPHAN,
            Listed.ORPHAN,
            Listed.LINKS_TOO_HIGH,
            Listed.LEAKED_BLOCKS,
            Listed.LEAKED_INODES,
            Listed.FREE_COUNTS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Block bitmap differences:  +9",
        "Block bitmap differences:  -9 +12",
        "Inode bitmap differences:  +12",
        "Inode 12 ref count is 1, should be 2.  Fix? no",
        "Extended attribute block 12 has reference count 1, should be 2.  Fix? no",
        "Inode 12, i_size is 8192, should be 4096.  Fix? no",
        "Multiply-claimed block(s) in inode 12: 40",
        "Entry 'f' in / (2) has deleted/unused inode 12.  Clear? no",
        "Directory inode 2, block #1, offset 0: directory corrupted",
        "Directory inode 2 has an unallocated block #1.  Allocate? no",
      })
  void damageIsNot(String line) {
    assertThat(E2fsckFindings.of(line).unlisted()).hasSize(1);
  }
}
