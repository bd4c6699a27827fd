// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** The three rules, on an order that allows everything: what is found is what tasks really did. */
class LockValidatorTest {
  private static final LockOrder ANYTHING =
      LockOrder.builder("ANYTHING").chain(circleOfAll()).build();

  private static LockClass[] circleOfAll() {
    LockClass[] all = LockClass.values();
    LockClass[] circle = java.util.Arrays.copyOf(all, all.length + 1);
    circle[all.length] = all[0];
    return circle;
  }

  /**
   * Tasks by name, on one thread: what a task holds is the scheduler's business, not a thread's.
   */
  private static final class Named implements Scheduler {
    Object task = "one";

    @Override
    public void yieldPoint(Point point, Object object) {}

    @Override
    public Object currentTask() {
      return task;
    }

    @Override
    public void park(Object blocker, BooleanSupplier wake) {
      throw new AssertionError("nobody waits here");
    }

    @Override
    public void unpark(Object other) {}
  }

  private final Named scheduler = new Named();
  private final LockValidator validator = new LockValidator(ANYTHING, scheduler);

  private OrderedRwSemaphore semaphore(LockClass lockClass, String name) {
    return new OrderedRwSemaphore(scheduler, validator, lockClass, name);
  }

  private OrderedMutex mutex(LockClass lockClass, String name) {
    return new OrderedMutex(scheduler, validator, lockClass, name);
  }

  private static LockReport report(org.assertj.core.api.ThrowableAssert.ThrowingCallable code) {
    LockReport[] report = {null};
    assertThatThrownBy(code)
        .isInstanceOfSatisfying(
            LockOrderViolation.class, each -> report[0] = each.report().orElseThrow());
    return report[0];
  }

  /** A search for locks that really wait for each other must not be ended by classes. */
  @Test
  void anUncheckedOrderForbidsNothing() throws Exception {
    LockValidator lenient =
        new LockValidator(LabOrders.withHolePages(LockOrder.MERGED).unchecked(), scheduler);
    OrderedMutex inner = new OrderedMutex(scheduler, lenient, LockClass.S_LOCK, "inner");
    OrderedMutex outer = new OrderedMutex(scheduler, lenient, LockClass.TRUNCATE_MUTEX, "outer");
    try (var _ = inner.hold()) {
      assertThat(lenient.heldByCaller()).containsExactly(LockClass.S_LOCK);
      try (var _ = outer.hold()) {
        assertThat(lenient.heldByCaller())
            .containsExactly(LockClass.S_LOCK, LockClass.TRUNCATE_MUTEX);
      }
    }
    assertThat(LabOrders.withHolePages(LockOrder.MERGED.unchecked()).checked()).isFalse();
    assertThat(LabOrders.withHolePages(LockOrder.MERGED).checked()).isTrue();
    assertThat(lenient.edges()).isEmpty();
  }

  @Test
  void twoTasksThatNeverMetAreACircle() {
    OrderedMutex entry = mutex(LockClass.DAX_ENTRY, "entry");
    OrderedMutex page = mutex(LockClass.PAGE_LOCK, "page");
    try (var _ = entry.hold();
        var _ = page.hold()) {
      page.assertHeld();
    }
    scheduler.task = "two";
    try (var _ = page.hold()) {
      LockReport found = report(entry::hold);
      assertThat(found.kind()).isEqualTo(LockReport.Kind.CIRCULAR);
      assertThat(found.chain()).containsExactly(LockClass.DAX_ENTRY, LockClass.PAGE_LOCK);
      assertThat(found.text())
          .contains("two is trying to acquire lock:\nentry (DAX entry lock)")
          .contains("already holding lock:\npage (page_lock(ext2))")
          .contains("LockValidatorTest.twoTasksThatNeverMetAreACircle")
          .contains("                               lock(page_lock(ext2));");
    }
  }

  @Test
  void aCircleOfThreeHasThreeStacks() {
    OrderedRwSemaphore a = semaphore(LockClass.I_RWSEM, "a");
    OrderedRwSemaphore b = semaphore(LockClass.MMAP_LOCK, "b");
    OrderedRwSemaphore c = semaphore(LockClass.DAX_SEM, "c");
    under(a, b);
    under(b, c);
    LockReport found = report(() -> under(c, a));
    assertThat(found.summary())
        .isEqualTo(
            "CIRCULAR: &sb->s_type->i_mutex_key -> &mm->mmap_lock -> &ei->dax_sem"
                + " -> &sb->s_type->i_mutex_key");
    assertThat(found.text().split("LockValidatorTest.under", -1)).hasSizeGreaterThanOrEqualTo(4);
  }

  /** Shared all around: a writer in each queue is enough for a deadlock. */
  private static void under(OrderedRwSemaphore outer, OrderedRwSemaphore inner) {
    try (var _ = outer.shared();
        var _ = inner.shared()) {
      inner.assertHeld();
    }
  }

  @Test
  void aSecondSharedHoldIsRecursionBecauseAWriterMayWaitInBetween() {
    OrderedRwSemaphore first = semaphore(LockClass.DAX_SEM, "first");
    for (OrderedRwSemaphore second : List.of(first, semaphore(LockClass.DAX_SEM, "second"))) {
      try (var _ = first.shared()) {
        LockReport found = report(second::shared);
        assertThat(found.kind()).isEqualTo(LockReport.Kind.RECURSIVE);
        assertThat(found.text())
            .contains("possible recursive locking detected")
            .contains("a writer that waits in between is enough");
      }
    }
  }

  @Test
  void directoriesNestButTheSameOneDoesNot() {
    OrderedRwSemaphore parent = semaphore(LockClass.I_MUTEX_DIR, "parent");
    OrderedRwSemaphore child = semaphore(LockClass.I_MUTEX_DIR, "child");
    try (var _ = parent.exclusive()) {
      assertThatCode(() -> child.exclusive().close()).doesNotThrowAnyException();
      assertThat(report(parent::shared).kind()).isEqualTo(LockReport.Kind.RECURSIVE);
    }
  }

  @Test
  void whatATaskHoldsIsNotWhatItsThreadHolds() {
    OrderedRwSemaphore daxSem = semaphore(LockClass.DAX_SEM, "dax_sem");
    var held = daxSem.shared();
    scheduler.task = "two";
    assertThatThrownBy(daxSem::assertHeld).isInstanceOf(LockOrderViolation.class);
    daxSem.shared().close();
    scheduler.task = "one";
    daxSem.assertHeld();
    held.close();
  }

  @Test
  void locksOfTwoFileSystemsAreCheckedAgainstEachOther() {
    LockValidator other = new LockValidator(ANYTHING, scheduler);
    OrderedRwSemaphore here = semaphore(LockClass.DAX_SEM, "here");
    OrderedRwSemaphore there = new OrderedRwSemaphore(scheduler, other, LockClass.DAX_SEM, "there");
    try (var _ = here.exclusive()) {
      assertThat(report(there::exclusive).kind()).isEqualTo(LockReport.Kind.RECURSIVE);
    }
  }

  @Test
  void lockdepSeesNeitherIndirectEdgesNorEntryLocks() {
    OrderedRwSemaphore daxSem = semaphore(LockClass.DAX_SEM, "dax_sem");
    OrderedMutex entry = mutex(LockClass.DAX_ENTRY, "entry");
    OrderedRwSemaphore tree = semaphore(LockClass.I_MMAP_RWSEM, "tree");
    OrderedRwSemaphore mmapLock = semaphore(LockClass.MMAP_LOCK, "mmap_lock");
    try (var _ = mmapLock.shared();
        var _ = daxSem.shared();
        var _ = entry.hold();
        var _ = tree.exclusive()) {
      tree.assertHeldExclusively();
    }
    assertThat(validator.lockdepEdges().stream().map(Object::toString))
        .containsExactlyInAnyOrder(
            "&mm->mmap_lock -> &ei->dax_sem", "&ei->dax_sem -> &mapping->i_mmap_rwsem");
    assertThat(validator.edges()).hasSize(6);
  }
}
