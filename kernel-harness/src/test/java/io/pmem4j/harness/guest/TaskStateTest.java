// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.LockEdges;
import org.junit.jupiter.api.Test;

/** The kernel's text about tasks and locks is parsed. */
class TaskStateTest {
  @Test
  void aTaskAsleepOnASemaphore() {
    TaskState state =
        TaskState.parse(
            """
            pid=35
            operation=running
            stat=35 (task 2) S) D 33 0 0 0 -1 4194368
            wchan=rwsem_down_write_slowpath
            stack=[<0>] rwsem_down_write_slowpath+0x29c/0x3eb
            stack=[<0>] ext2_setattr+0x104/0x1af
            rendezvous=fault-size-checked 34 waiting 1
            rendezvous=truncate-unmapped 35 armed 0
            """);
    assertThat(state.operation()).isEqualTo("running");
    assertThat(state.letter()).isEqualTo('D');
    assertThat(state.wchan()).isEqualTo("rwsem_down_write_slowpath");
    assertThat(state.stack()).containsExactly("rwsem_down_write_slowpath", "ext2_setattr");
    assertThat(state.sleepsOnALock()).isTrue();
    assertThat(state.wantedBy()).isEqualTo("ext2_setattr");
    assertThat(state.rendezvous())
        .containsExactly("fault-size-checked 34 waiting 1", "truncate-unmapped 35 armed 0");
  }

  /** A task at a rendezvous sleeps uninterruptibly, but it is not blocked on another task. */
  @Test
  void aTaskAtARendezvousIsNotBlocked() {
    TaskState state =
        TaskState.parse(
            """
            pid=35
            operation=running
            stat=35 (task-2) D 33 0 0 0 -1 4194368
            wchan=__rendezvous
            stack=[<0>] __rendezvous+0x29c/0x3eb
            stack=[<0>] ext2_setattr+0x104/0x1af
            """);
    assertThat(state.sleepsOnALock()).isFalse();
  }

  @Test
  void aTaskThatIsGone() {
    TaskState state = TaskState.parse("pid=35\noperation=running\n");
    assertThat(state.letter()).isEqualTo('?');
    assertThat(state.wchan()).isEmpty();
    assertThat(state.stack()).isEmpty();
  }

  @Test
  void edgesBelongToTheClassAboveThem() {
    LockEdges edges =
        LockEdges.parse(
            """
            all lock classes:
            00000000cd4644ab FD:   54 BD:    5 ++++: &ei->dax_sem
             -> [0000000007a53e6e] &ei->truncate_mutex
             -> [00000000063f509e] &mapping->i_mmap_rwsem

            000000008ae1c895 FD:   27 BD:    4 +.+.: page_lock(ext2)
             -> [00000000063f509e] &ei->truncate_mutex
            """);
    assertThat(edges.edges())
        .containsExactlyInAnyOrder(
            "&ei->dax_sem -> &ei->truncate_mutex",
            "&ei->dax_sem -> &mapping->i_mmap_rwsem",
            "page_lock(ext2) -> &ei->truncate_mutex");
  }
}
