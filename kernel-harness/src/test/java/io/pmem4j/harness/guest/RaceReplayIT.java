// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static io.pmem4j.harness.guest.RaceBench.SOON;
import static io.pmem4j.harness.guest.RaceBench.answer;
import static io.pmem4j.harness.guest.RaceBench.store;
import static io.pmem4j.harness.guest.RaceBench.truncate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Response;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * R2: a fault that has seen the size meets a truncate that then stores the size, unmaps and frees.
 *
 * <pre>
 * F: size is fine |                        | looks up N, maps it |
 * T:              | i_size = 0, unmaps all |                     | frees N |
 * W:                                                                        | is given N for B
 * </pre>
 *
 * <p>F then stores to A and changes B. The file system is full, so that W has no other block to
 * take.
 */
@Tag("kernels")
class RaceReplayIT {
  private static final int A = 0;
  private static final int B = 1;
  private static final int ROUNDS = 100;
  private static final String SIZE_CHECKED = "fault-size-checked";
  private static final String UNMAPPED = "truncate-unmapped";
  private static final byte FOREIGN = (byte) 0xA5;

  @TempDir private Path directory;

  /** A has the one block that is not in use otherwise; B is empty. */
  private static void setUp(RaceBench bench) throws GuestException {
    bench.open(A, "a");
    bench.open(B, "b");
    bench.write(A, 0, 1, 0x41);
    bench.map(A, 1);
    bench.map(B, 1);
    bench.fillUp();
  }

  /** Runs R2 without the lock; true if the content of B is damaged. */
  private static boolean corrupts(RaceBench bench) throws GuestException {
    bench.ask(truncate(B));
    bench.write(A, 0, 1, 0x41);
    long block = bench.place(A);
    try (TaskClient fault = TaskClient.start(bench.guest, 1);
        TaskClient truncate = TaskClient.start(bench.guest, 2)) {
      fault.arm(SIZE_CHECKED);
      fault.submit(store(A, 0, FOREIGN));
      assertThat(fault.awaitAt(SIZE_CHECKED, SOON)).isTrue();
      truncate.arm(UNMAPPED);
      truncate.submit(truncate(A));
      assertThat(truncate.awaitAt(UNMAPPED, SOON)).isTrue();
      fault.go(SIZE_CHECKED);
      assertThat(answer(fault).result()).isEqualTo(1);
      truncate.go(UNMAPPED);
      assertThat(answer(truncate).result()).isZero();

      bench.write(B, 0, 1, 0x3C);
      assertThat(bench.place(B)).as("B has the block that A had").isEqualTo(block);
      // No fault any more: the stale entry of the page table is all it needs.
      fault.submit(store(A, 0, FOREIGN));
      assertThat(answer(fault)).satisfies(r -> assertThat(r.events()).isEmpty());
      // B's own fault meets a page that still says it is A's.
      bench.ask(RaceBench.load(B, 0));
      return bench.read(B)[0] == FOREIGN;
    }
  }

  @Test
  void withoutTheLockAnotherFileIsCorruptedEveryTime() throws Exception {
    try (RaceBench bench = RaceBench.boot(directory, "unlocked")) {
      setUp(bench);
      int corrupted = 0;
      long[] nanos = new long[ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        long begin = System.nanoTime();
        corrupted += corrupts(bench) ? 1 : 0;
        nanos[i] = System.nanoTime() - begin;
      }
      Arrays.sort(nanos);
      System.out.printf(
          "R2: corrupted %d of %d, slowest %.2f s%n", corrupted, ROUNDS, nanos[ROUNDS - 1] / 1e9);
      assertThat(corrupted).isEqualTo(ROUNDS);
      // A busy machine may halt QEMU for a while, but not every tenth time.
      assertThat(nanos[ROUNDS * 9 / 10]).isLessThan(1_000_000_000L);
      // The kernel notices that N belongs to two files; it is the finding, once a boot.
      assertThatThrownBy(bench.guest::check).hasMessageContaining("dax_insert_entry");
    }
  }

  /** Patch 1 alone and the truncate mutex alone leave R2 open: neither is held where T unmaps. */
  @ParameterizedTest
  @ValueSource(strings = {"before", "patch1", "tmf"})
  void neitherTheSizeCheckNorTheTruncateMutexClosesIt(String lab) throws Exception {
    try (RaceBench bench = RaceBench.boot(directory, lab)) {
      setUp(bench);
      for (int i = 0; i < 3; i++) {
        assertThat(corrupts(bench)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "series", "posted", "6.1"})
  void underTheLockTruncateWaitsForTheFault(String lab) throws Exception {
    // 6.1 does not name the function that waits for a lock but its caller, which has no other wait.
    String lockWait = lab.equals("6.1") ? "ext2_setattr" : "rwsem_down_write_slowpath";
    try (RaceBench bench = RaceBench.boot(directory, lab)) {
      setUp(bench);
      for (int i = 0; i < 10; i++) {
        bench.ask(truncate(B));
        bench.write(A, 0, 1, 0x41);
        try (TaskClient fault = TaskClient.start(bench.guest, 1);
            TaskClient truncate = TaskClient.start(bench.guest, 2)) {
          fault.arm(SIZE_CHECKED);
          fault.submit(store(A, 0, FOREIGN));
          assertThat(fault.awaitAt(SIZE_CHECKED, SOON)).isTrue();
          truncate.submit(truncate(A));
          TaskState blocked = truncate.awaitState(s -> s.wchan().equals(lockWait), SOON);
          assertThat(blocked.wchan()).isEqualTo(lockWait);
          assertThat(blocked.stack()).contains("ext2_setattr");
          fault.go(SIZE_CHECKED);
          Response stored = answer(fault);
          assertThat(answer(truncate).result()).isZero();
          // Mapped before the truncate, or zapped by it before the store was repeated.
          assertThat(List.of(0, 7)).contains(stored.signo());

          bench.write(B, 0, 1, 0x3C);
          fault.submit(store(A, 0, FOREIGN));
          assertThat(answer(fault).signo()).as("SIGBUS").isEqualTo(7);
          bench.ask(RaceBench.load(B, 0));
          assertThat(bench.read(B)).containsOnly(0x3C);
        }
      }
      bench.guest.check();
      assertThat(bench.guest.lockdepOn()).isTrue();
    }
  }
}
