// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Lines of writeback_start as kernels print them. */
class FlusherTraceTest {
  private static final String EVENT =
      " [000] ....     3.310744: writeback_start: bdi 259:0: sb_dev 259:0 nr_pages=4104 sync_mode=%d"
          + " kupdate=%d range_cyclic=0 background=0 reason=%s cgroup_ino=1\n";

  @Test
  void theFirstThreadThatSyncsCounts() {
    assertThat(
            FlusherTrace.firstPid(
                "    kworker/u2:0-7      "
                    + EVENT.formatted(0, 1, "periodic")
                    + "   kworker/u2:11-1042   "
                    + EVENT.formatted(0, 0, "sync")
                    + "           <...>-9      "
                    + EVENT.formatted(1, 0, "sync")))
        .hasValue(1042);
  }

  @Test
  void aNameThatTheKernelDoesNotKnowIsAThreadToo() {
    assertThat(FlusherTrace.firstPid("           <...>-9      " + EVENT.formatted(1, 0, "sync")))
        .hasValue(9);
  }

  @Test
  void nothingWasWrittenBack() {
    assertThat(FlusherTrace.firstPid("")).isEmpty();
    assertThat(
            FlusherTrace.firstPid("    kworker/u2:0-7      " + EVENT.formatted(0, 0, "background")))
        .isEmpty();
  }
}
