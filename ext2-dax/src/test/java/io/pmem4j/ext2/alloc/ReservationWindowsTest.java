// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.alloc.ReservationWindow.Range;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The tree of windows beside a search that tries each block. */
class ReservationWindowsTest {
  private static final int GROUP = 256;

  private final OrderedMutex lock =
      new OrderedMutex(
          Scheduler.production(),
          new LockValidator(LockOrder.MERGED, Scheduler.production()),
          LockClass.RSV_WINDOW_LOCK,
          "lock");
  private final ReservationWindows windows = new ReservationWindows(Scheduler.production(), lock);
  private final BitSet used = new BitSet();

  private long firstFree(long from) {
    int free = used.nextClearBit((int) from);
    return free < (from / GROUP + 1) * GROUP ? free : ReservationWindows.FULL;
  }

  private Range reserve(ReservationWindow window, long from) {
    return windows.reserve(window, from, (from / GROUP + 1) * GROUP - 1, this::firstFree);
  }

  @Test
  void windowsStandSideBySideFromTheGoalOn() {
    ReservationWindow a = new ReservationWindow(8);
    ReservationWindow b = new ReservationWindow(8);
    ReservationWindow c = new ReservationWindow(20);
    assertThat(reserve(a, 100)).isEqualTo(new Range(100, 107));
    assertThat(reserve(b, 100)).isEqualTo(new Range(108, 115));
    assertThat(reserve(c, 90)).as("ten blocks are too few").isEqualTo(new Range(116, 135));
    windows.discard(b);
    assertThat(b.range().isEmpty()).isTrue();
    assertThat(reserve(new ReservationWindow(9), 100)).isEqualTo(new Range(136, 144));
    assertThat(reserve(new ReservationWindow(8), 100)).isEqualTo(new Range(108, 115));
  }

  @Test
  void aWindowGrowsWhenMoreThanAHalfWasUsed() {
    ReservationWindow window = new ReservationWindow(8);
    reserve(window, 10);
    window.hit(4);
    assertThat(reserve(window, 18).blocks()).isEqualTo(8);
    window.hit(5);
    assertThat(reserve(window, 26).blocks()).isEqualTo(16);
    window.goalBlocks(ReservationWindow.MOST_BLOCKS - 1);
    window.hit(9);
    assertThat(reserve(window, 42).blocks()).isEqualTo(ReservationWindow.MOST_BLOCKS);
  }

  @Test
  void aWindowGrowsUpToTheNextOneAlone() {
    ReservationWindow a = new ReservationWindow(8);
    ReservationWindow b = new ReservationWindow(8);
    reserve(a, 10);
    reserve(b, 30);
    windows.extend(a, 4);
    assertThat(a.range()).isEqualTo(new Range(10, 21));
    windows.extend(a, 100);
    assertThat(a.range()).isEqualTo(new Range(10, 29));
    windows.extend(b, 100);
    assertThat(b.range()).isEqualTo(new Range(30, 137));
  }

  /** The task that holds the lock is this one; {@code tryLock} answers as to any other. */
  @Test
  void aWindowStaysAsItIsWhileTheLockIsTaken() {
    ReservationWindow a = new ReservationWindow(8);
    reserve(a, 10);
    try (var _ = lock.hold()) {
      windows.extend(a, 4);
    }
    assertThat(a.range()).isEqualTo(new Range(10, 17));
  }

  @Test
  void aWindowAcrossTheEndOfAGroupIsKeptForTheNextGroup() {
    ReservationWindow window = new ReservationWindow(8);
    assertThat(reserve(window, GROUP - 2)).isEqualTo(new Range(GROUP - 2, GROUP + 5));
    assertThat(reserve(window, GROUP - 1).isEmpty()).isTrue();
    assertThat(window.range()).isEqualTo(new Range(GROUP - 2, GROUP + 5));
  }

  @Test
  void aGroupWithoutAFreeBlockTakesTheWindow() {
    used.set(200, GROUP);
    ReservationWindow window = new ReservationWindow(8);
    reserve(window, 100);
    assertThat(reserve(window, 200).isEmpty()).isTrue();
    assertThat(window.range().isEmpty()).isTrue();
  }

  @Test
  void eachWindowIsTheFirstGapWithAFreeBlock() {
    SplittableRandom random = new SplittableRandom(15);
    List<ReservationWindow> all = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      all.add(new ReservationWindow(1 + random.nextInt(12)));
    }
    for (int step = 0; step < 4000; step++) {
      ReservationWindow window = all.get(random.nextInt(all.size()));
      switch (random.nextInt(5)) {
        case 0 -> windows.discard(window);
        case 1 -> used.set(random.nextInt(GROUP));
        case 2 -> used.clear(random.nextInt(GROUP));
        default -> {
          windows.discard(window);
          int from = 1 + random.nextInt(GROUP - 1);
          Range expected = naive(all, window.goalBlocks(), from);
          assertThat(reserve(window, from)).as("step %d", step).isEqualTo(expected);
        }
      }
      assertDisjoint(all);
    }
  }

  private Range naive(List<ReservationWindow> all, int blocks, int from) {
    long free = firstFree(from);
    for (long first = from; first < GROUP && free != ReservationWindows.FULL; first++) {
      Range range = new Range(first, first + blocks - 1);
      boolean overlaps =
          all.stream()
              .map(ReservationWindow::range)
              .anyMatch(each ->
                  !each.isEmpty() && each.first() <= range.last() && each.last() >= range.first());
      if (!overlaps) {
        free = firstFree(first);
        if (range.contains(free)) {
          return range;
        }
        first = free - 1;
      }
    }
    return Range.NONE;
  }

  private static void assertDisjoint(List<ReservationWindow> all) {
    BitSet taken = new BitSet();
    for (ReservationWindow each : all) {
      for (long i = each.range().first(); i <= each.range().last() && i > 0; i++) {
        assertThat(taken.get((int) i)).as("block %d in two windows", i).isFalse();
        taken.set((int) i);
      }
    }
  }
}
