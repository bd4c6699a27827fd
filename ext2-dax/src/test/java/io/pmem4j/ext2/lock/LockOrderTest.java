// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The merged order, and what the check at each acquisition says. */
class LockOrderTest {
  private final Scheduler scheduler = Scheduler.production();
  private final LockValidator validator = new LockValidator(LockOrder.MERGED, scheduler);

  private OrderedRwSemaphore semaphore(LockClass lockClass) {
    return new OrderedRwSemaphore(scheduler, validator, lockClass, lockClass.twin());
  }

  private OrderedMutex mutex(LockClass lockClass) {
    return new OrderedMutex(scheduler, validator, lockClass, lockClass.twin());
  }

  @Test
  void theMergedOrderIsThatOfTheKernel() {
    LockOrder order = LockOrder.MERGED;
    assertThat(order.allows(LockClass.MMAP_LOCK, LockClass.SB_PAGEFAULT)).isTrue();
    assertThat(order.allows(LockClass.SB_PAGEFAULT, LockClass.DAX_SEM)).isTrue();
    assertThat(order.allows(LockClass.DAX_SEM, LockClass.SB_PAGEFAULT)).isFalse();
    assertThat(order.allows(LockClass.DAX_SEM, LockClass.TRUNCATE_MUTEX)).isTrue();
    assertThat(order.allows(LockClass.TRUNCATE_MUTEX, LockClass.DAX_SEM)).isFalse();
    assertThat(order.allows(LockClass.I_RWSEM, LockClass.MMAP_LOCK)).isTrue();
    assertThat(order.allows(LockClass.I_RWSEM, LockClass.DAX_SEM)).isTrue();
    assertThat(order.allows(LockClass.DAX_ENTRY, LockClass.I_MMAP_RWSEM)).isTrue();
    assertThat(order.allows(LockClass.I_MMAP_RWSEM, LockClass.DAX_ENTRY)).isFalse();
    assertThat(order.allows(LockClass.SB_INTERNAL, LockClass.DAX_SEM)).isTrue();
    assertThat(order.allows(LockClass.PAGE_LOCK, LockClass.TRUNCATE_MUTEX)).isTrue();
    assertThat(order.allows(LockClass.DAX_SEM, LockClass.DAX_SEM)).isFalse();
  }

  @Test
  void theRightOrderPassesAndItsEdgesAreKept() {
    OrderedRwSemaphore daxSem = semaphore(LockClass.DAX_SEM);
    OrderedMutex truncateMutex = mutex(LockClass.TRUNCATE_MUTEX);
    try (var _ = daxSem.shared()) {
      try (var _ = truncateMutex.hold()) {
        truncateMutex.assertHeld();
        daxSem.assertHeld();
      }
    }
    assertThat(validator.edges())
        .containsExactly(new LockValidator.Edge(LockClass.DAX_SEM, LockClass.TRUNCATE_MUTEX));
  }

  @Test
  void theWrongOrderIsReportedBeforeAnythingBlocks() {
    OrderedRwSemaphore daxSem = semaphore(LockClass.DAX_SEM);
    OrderedMutex truncateMutex = mutex(LockClass.TRUNCATE_MUTEX);
    try (var _ = truncateMutex.hold()) {
      assertThatThrownBy(daxSem::shared)
          .isInstanceOf(LockOrderViolation.class)
          .hasMessageContaining("ei->dax_sem")
          .hasMessageContaining("ei->truncate_mutex")
          .hasMessageContaining("MERGED")
          .hasMessageContaining("the other way round");
    }
    assertThatCode(() -> daxSem.shared().close()).doesNotThrowAnyException();
  }

  @Test
  void aSecondLockOfTheSameClassIsRefused() {
    try (var _ = semaphore(LockClass.DAX_SEM).shared()) {
      assertThatThrownBy(semaphore(LockClass.DAX_SEM)::exclusive)
          .isInstanceOf(LockOrderViolation.class);
    }
    OrderedRwSemaphore same = semaphore(LockClass.DAX_SEM);
    try (var _ = same.shared()) {
      assertThatThrownBy(same::exclusive)
          .isInstanceOf(LockOrderViolation.class)
          .hasMessageContaining("possible recursive locking detected");
    }
  }

  @Test
  void codeThatNeedsALockSaysSo() {
    OrderedRwSemaphore daxSem = semaphore(LockClass.DAX_SEM);
    assertThatThrownBy(daxSem::assertHeld).isInstanceOf(LockOrderViolation.class);
    try (var _ = daxSem.shared()) {
      assertThatThrownBy(daxSem::assertHeldExclusively).isInstanceOf(LockOrderViolation.class);
    }
    assertThatThrownBy(mutex(LockClass.S_LOCK)::assertHeld).isInstanceOf(LockOrderViolation.class);
  }

  @Test
  void anOrderTellsItsContradictions() {
    assertThat(
            LockOrder.builder("circle")
                .chain(LockClass.DAX_SEM, LockClass.TRUNCATE_MUTEX)
                .chain(LockClass.TRUNCATE_MUTEX, LockClass.DAX_SEM)
                .build()
                .contradictions())
        .containsExactly(List.of(LockClass.DAX_SEM, LockClass.TRUNCATE_MUTEX, LockClass.DAX_SEM));
    assertThat(LockOrder.MERGED.contradictions()).isEmpty();
    assertThat(LabOrders.NO_DAX_SEM.contradictions()).isEmpty();
    assertThat(LabOrders.TRUNCATE_MUTEX_FIRST.contradictions()).isEmpty();
    assertThat(LabOrders.POSTED.contradictions())
        .containsExactly(
            List.of(
                LockClass.SB_INTERNAL,
                LockClass.DAX_SEM,
                LockClass.SB_PAGEFAULT,
                LockClass.SB_INTERNAL));
    assertThat(LabOrders.TRUNCATE_MUTEX_FIRST_2015.contradictions())
        .containsExactly(
            List.of(LockClass.PAGE_LOCK, LockClass.TRUNCATE_MUTEX, LockClass.PAGE_LOCK));
  }
}
