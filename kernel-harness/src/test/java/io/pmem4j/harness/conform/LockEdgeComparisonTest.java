// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.Kernel;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LockEdgeComparisonTest {
  private static final String BOOT =
      """
      all lock classes:
      ffffffff8 FD:   54 BD:    5 ++++: &mm->mmap_lock
       -> [ffffffff9] &mapping->i_mmap_rwsem
      ffffffffa FD:   54 BD:    5 .+.+: sb_writers#3
       -> [ffffffffb] &sb->s_type->i_mutex_key#9
      ffffffffb FD:   54 BD:    5 ++++: &sb->s_type->i_mutex_key#9
       -> [ffffffff8] &mm->mmap_lock
      """;

  private static final String AFTER =
      BOOT
          + """
          ffffffffc FD:   54 BD:    5 .+.+: sb_writers#6
           -> [ffffffffd] &type->i_mutex_dir_key#6/1
           -> [ffffffffe] &sb->s_type->i_mutex_key#7
          ffffffffd FD:   54 BD:    5 ++++: &type->i_mutex_dir_key#6/1
           -> [ffffffffe] &sb->s_type->i_mutex_key#7
           -> [ffffffff0] &bgl->locks[i].lock
          ffffffffe FD:   54 BD:    5 ++++: &sb->s_type->i_mutex_key#7
           -> [ffffffff1] &ei->dax_sem
           -> [ffffffff7] &ei->i_meta_lock
          ffffffff2 FD:   54 BD:    5 .+.+: sb_pagefaults
           -> [ffffffff1] &ei->dax_sem
          """;

  private static final Set<String> MODEL =
      Set.of(
          "&mm->mmap_lock -> &mapping->i_mmap_rwsem",
          "sb_writers -> &type->i_mutex_dir_key",
          "sb_writers -> &sb->s_type->i_mutex_key",
          "&type->i_mutex_dir_key -> &sb->s_type->i_mutex_key",
          "&type->i_mutex_dir_key -> page_lock(ext2)",
          "page_lock(ext2) -> &bgl->locks[i].lock",
          "&type->i_mutex_dir_key -> page_lock(ext2) -> &bgl->locks[i].lock",
          "&sb->s_type->i_mutex_key -> &ei->dax_sem",
          "sb_pagefaults -> &ei->dax_sem");

  private final LockEdgeComparison comparison = new LockEdgeComparison(BOOT, Set.of());

  @Test
  void theClassesOfOtherFileSystemsAreNotOurs() {
    assertThat(comparison.after(List.of(AFTER), MODEL)).isEmpty();
    assertThat(comparison.atEnd(true)).isEmpty();
    assertThat(comparison.agreed())
        .contains("sb_pagefaults -> &ei->dax_sem", "sb_writers -> &type->i_mutex_dir_key")
        .doesNotContain("&sb->s_type->i_mutex_key -> &mm->mmap_lock");
  }

  /** A power cut boots a kernel whose lockdep has seen no page lock yet; it knows them still. */
  @Test
  void pageLocksAreNotForgottenOverABoot() {
    String known =
        AFTER.replace(
            " -> [ffffffff0] &bgl->locks[i].lock",
            " -> [ffffffff3] page_lock(ext2)\n"
                + "ffffffff3 FD:   54 BD:    5 ++++: page_lock(ext2)\n"
                + " -> [ffffffff0] &bgl->locks[i].lock");
    assertThat(comparison.after(List.of(known), MODEL)).isEmpty();
    assertThat(comparison.after(List.of(BOOT), MODEL)).isEmpty();
    assertThat(comparison.atEnd(true)).isEmpty();
    assertThat(comparison.agreed())
        .contains("page_lock(ext2) -> &bgl->locks[i].lock")
        .doesNotContain("&type->i_mutex_dir_key -> &bgl->locks[i].lock");
  }

  /** The number of a class is that of a boot: the second kernel calls ext2's files #8. */
  @Test
  void eachKernelSinceTheLastReadingCounts() {
    String other = AFTER.replace("sb_pagefaults", "other").replace("key#7", "key#8");
    assertThat(comparison.after(List.of(AFTER, other), MODEL)).isEmpty();
    assertThat(comparison.atEnd(true)).isEmpty();
    String posted = AFTER + "ffffffff1 FD: 5 BD: 5 ++++: &ei->dax_sem\n -> [fff] sb_pagefaults\n";
    assertThat(comparison.after(List.of(posted, BOOT), MODEL))
        .as("learnt before the power cut")
        .containsExactly(
            "lock edge of the kernel that the model has not: &ei->dax_sem -> sb_pagefaults");
  }

  @Test
  void anEdgeThatOnlyTheKernelTookIsAFindingAtOnce() {
    String posted = AFTER + "ffffffff1 FD: 5 BD: 5 ++++: &ei->dax_sem\n -> [fff] sb_pagefaults\n";
    assertThat(comparison.after(List.of(posted), MODEL))
        .containsExactly(
            "lock edge of the kernel that the model has not: &ei->dax_sem -> sb_pagefaults");
    assertThat(comparison.after(List.of(posted), MODEL)).as("said once").isEmpty();
    assertThat(comparison.atEnd(true)).hasSize(1);
  }

  /** 6.1 writes back for O_SYNC what was only read, and so looks for its mappings. */
  @Test
  void pagesThatWereOnlyReadAreSyncedBySomeKernels() {
    String sync =
        AFTER + "ffffffffc FD: 5 BD: 5 .+.+: sb_writers#6\n -> [ff] &mapping->i_mmap_rwsem\n";
    String edge = "sb_writers -> &mapping->i_mmap_rwsem";
    assertThat(comparison.after(List.of(sync), MODEL)).anyMatch(each -> each.endsWith(edge));
    LockEdgeComparison later = new LockEdgeComparison(BOOT, Kernel.LINUX_6_1.differences());
    assertThat(later.after(List.of(sync), MODEL)).isEmpty();
    assertThat(later.atEnd(false)).isEmpty();
    LockEdgeComparison last = new LockEdgeComparison(BOOT, Kernel.LINUX_6_12.differences());
    assertThat(last.after(List.of(sync), MODEL)).anyMatch(each -> each.endsWith(edge));
  }

  @Test
  void anEdgeThatOnlyTheModelTookIsAFindingAtTheEnd() {
    String without = AFTER.replace("sb_pagefaults", "something");
    assertThat(comparison.after(List.of(without), MODEL)).isEmpty();
    assertThat(comparison.atEnd(false)).as("a few programs").isEmpty();
    assertThat(comparison.atEnd(true))
        .containsExactly(
            "lock edge of the model that the kernel has not: sb_pagefaults -> &ei->dax_sem");
  }
}
