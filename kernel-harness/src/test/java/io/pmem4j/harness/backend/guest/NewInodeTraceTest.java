// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Lines of writeback_mark_inode_dirty as kernels print them. */
class NewInodeTraceTest {
  private static final String EVENT =
      "            exec-1011    [000] ....     3.31: writeback_mark_inode_dirty: bdi 259:0: ino=%d"
          + " state=%s flags=I_DIRTY_SYNC|I_DIRTY_DATASYNC|I_DIRTY_PAGES\n";

  @Test
  void theLastInodeThatIsNewIsTheOneThatWasAllocated() {
    String directory = EVENT.formatted(2, "I_DIRTY_SYNC|I_REFERENCED");
    assertThat(
            NewInodeTrace.last(
                EVENT.formatted(13, "I_NEW")
                    + directory
                    + EVENT.formatted(257, "I_NEW")
                    + EVENT.formatted(257, "")))
        .hasValue(257);
    assertThat(NewInodeTrace.last(directory)).isEmpty();
    assertThat(NewInodeTrace.last("")).isEmpty();
  }
}
