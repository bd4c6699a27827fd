// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static io.pmem4j.harness.guest.RaceBench.SOON;
import static io.pmem4j.harness.guest.RaceBench.answer;
import static io.pmem4j.harness.guest.RaceBench.load;
import static io.pmem4j.harness.guest.RaceBench.store;
import static io.pmem4j.harness.guest.RaceBench.truncate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The statement of the 2015 cover letter about freezing: the locks that a fault holds meanwhile.
 */
@Tag("kernels")
class SeriesClaimsIT {
  private static final int A = 0;

  @TempDir private Path directory;

  private RaceBench boot(String lab) throws IOException {
    RaceBench bench = RaceBench.boot(directory, lab);
    bench.open(A, "a");
    bench.write(A, 0, 1, 0x41);
    bench.map(A, 1);
    return bench;
  }

  /** A write fault that waits for a frozen file system, and the locks it holds meanwhile. */
  private static List<String> locksWhileFrozen(RaceBench bench) throws IOException {
    bench.ask(load(A, 0));
    try (TaskClient fault = TaskClient.start(bench.guest, 1)) {
      bench.sh("fsfreeze --freeze /mnt");
      fault.submit(store(A, 0, 0x42));
      TaskState blocked = fault.awaitState(s -> s.wchan().equals("percpu_rwsem_wait"), SOON);
      assertThat(blocked.wchan()).isEqualTo("percpu_rwsem_wait");
      List<String> held = bench.locksHeldBy(fault);
      bench.sh("fsfreeze --unfreeze /mnt");
      assertThat(answer(fault).result()).isEqualTo(1);
      return held;
    }
  }

  /** And so it is in 6.1 and 6.12, where the lock belongs to the mapping. */
  @ParameterizedTest
  @EnumSource(names = {"MERGED", "LINUX_6_1", "LINUX_6_12"})
  void asMergedAFaultBlockedByAFrozenFileSystemDoesNotHoldDaxSem(Kernel kernel) throws Exception {
    try (RaceBench bench = boot(kernel == Kernel.MERGED ? "" : kernel.image())) {
      assertThat(locksWhileFrozen(bench))
          .anyMatch(line -> line.contains("sb_pagefaults"))
          .noneMatch(line -> line.contains("dax_sem") || line.contains("invalidate_lock"));
      bench.ask(truncate(A));
      assertThat(bench.lockEdges().renamed(kernel::lockName).edges())
          .contains(
              "sb_pagefaults -> &ei->dax_sem",
              "&mm->mmap_lock -> sb_pagefaults",
              "&ei->dax_sem -> &ei->truncate_mutex")
          .doesNotContain("&ei->dax_sem -> sb_pagefaults", "&ei->truncate_mutex -> &ei->dax_sem");
      bench.guest.check();
    }
  }

  /**
   * The lock order of the letter. Freezing stops page faults before it stops internal writers, and
   * eviction takes dax_sem as an internal writer. So dax_sem above sb_pagefaults is a cycle of lock
   * classes, which the merged order does not have.
   */
  @Test
  void asPostedSuchAFaultHoldsDaxSemAndTheOrderInvertsAgainstFreezing() throws Exception {
    try (RaceBench bench = boot("posted")) {
      assertThat(locksWhileFrozen(bench)).anyMatch(line -> line.contains("dax_sem"));
      assertThat(bench.lockEdges().edges())
          .contains("&ei->dax_sem -> sb_pagefaults", "&mm->mmap_lock -> &ei->dax_sem")
          .doesNotContain("sb_pagefaults -> &ei->dax_sem");
      bench.guest.check();

      bench.sh("echo word > /mnt/victim && rm /mnt/victim");
      assertThatThrownBy(bench.guest::check).hasMessageContaining("possible circular locking");
      assertThat(bench.consoleText()).contains("ext2_evict_inode", "freeze_super");
    }
  }
}
