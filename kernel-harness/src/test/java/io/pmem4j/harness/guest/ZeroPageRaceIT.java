// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static io.pmem4j.harness.guest.RaceBench.PAGE;
import static io.pmem4j.harness.guest.RaceBench.SOON;
import static io.pmem4j.harness.guest.RaceBench.answer;
import static io.pmem4j.harness.guest.RaceBench.load;
import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * S2 of the explorer, on kernels, by its schedule: write(2) gives a block to a hole that is mapped
 * as the page of zeros while a store to it is on its way.
 *
 * <pre>
 * F: pfn_mkwrite finds the entry of a hole |                    | the fault body inserts an entry of the
 *                                          |                    |   block; the page of zeros is mapped: again
 * W:                                       | block allocated,   | pfn_mkwrite finds an entry of a block
 *                                          | hole's entry gone, | the core makes the page of zeros writable
 *                                          | not yet unmapped   |
 * </pre>
 *
 * <p>There is one page of zeros: what F stores is seen in every mapped hole. The program {@code
 * race-zero-page-written} shows that; here is what the store does as merged.
 */
@Tag("kernels")
class ZeroPageRaceIT {
  private static final int A = 0;
  private static final int OTHER = 1;
  private static final int WRITTEN = 0x57;
  private static final int STORED = 0x42;

  /**
   * The offset of the store in the page: a process that reads fresh memory there sees a byte that
   * is not zero.
   */
  private static final int OFFSET = PAGE - 3;

  private static final String BODY = "fault-size-checked";
  private static final String ENTRIES_REMOVED = "write-entries-removed";

  @TempDir private Path directory;

  private static Request storeAtOffset(int value) {
    return Request.of(Syscall.STORE, A, OFFSET).withBlob(new byte[] {(byte) value});
  }

  private static byte holeOfTheOther(RaceBench bench) throws GuestException {
    return bench.ask(Request.of(Syscall.LOAD, OTHER, OFFSET, 1)).data()[0];
  }

  private static void hole(RaceBench bench, int slot, String name) throws GuestException {
    bench.open(slot, name);
    bench.ask(Request.of(Syscall.FTRUNCATE, slot, PAGE));
    bench.map(slot, 1);
    assertThat(bench.ask(load(slot, 0)).data()).containsExactly(0);
  }

  /** Until write(2) waits between the entry and the page tables. */
  private static void writeUntilEntriesAreRemoved(TaskClient write) throws GuestException {
    byte[] page = new byte[PAGE];
    Arrays.fill(page, (byte) WRITTEN);
    write.arm(ENTRIES_REMOVED);
    write.submit(Request.of(Syscall.PWRITE, A, 0).withBlob(page));
    assertThat(write.awaitAt(ENTRIES_REMOVED, SOON)).isTrue();
  }

  private interface Work {
    void run(RaceBench bench, TaskClient write, TaskClient fault) throws GuestException;
  }

  private void race(String lab, Work work) throws IOException {
    try (RaceBench bench = RaceBench.boot(directory, lab)) {
      hole(bench, A, "a");
      hole(bench, OTHER, "other");
      try (TaskClient write = TaskClient.start(bench.guest, 1);
          TaskClient fault = TaskClient.start(bench.guest, 2)) {
        fault.submit(load(A, 0));
        assertThat(answer(fault).result()).isEqualTo(1);
        fault.arm(BODY);
        fault.submit(storeAtOffset(STORED));
        assertThat(fault.awaitAt(BODY, SOON)).isTrue();
        writeUntilEntriesAreRemoved(write);
        fault.go(BODY);
        work.run(bench, write, fault);
      }
      assertThat(bench.guest.lockdepOn()).isTrue();
      bench.guest.check();
    }
  }

  /**
   * As merged the entry and the page table change under the entry's lock, together: a store faults
   * again and again, until write(2) has unmapped the page (W1), and goes to the block. Three such
   * stores write more trace events than can be read, and other requests are still answered.
   */
  @Test
  void storesThatFaultWithoutEndKeepNobodyWaiting() throws Exception {
    race(
        "",
        (bench, write, fault) -> {
          try (TaskClient second = TaskClient.start(bench.guest, 3);
              TaskClient third = TaskClient.start(bench.guest, 4)) {
            second.submit(storeAtOffset(STORED));
            third.submit(storeAtOffset(STORED));
            for (int i = 0; i < 8; i++) {
              assertThat(holeOfTheOther(bench)).isZero();
            }
            write.go(ENTRIES_REMOVED);
            assertThat(answer(write).result()).isEqualTo(PAGE);
            for (TaskClient each : List.of(fault, second, third)) {
              Response stored = answer(each);
              assertThat(stored.result()).isEqualTo(1);
              assertThat(stored.events()).contains("dax_pte_fault");
            }
            assertThat(holeOfTheOther(bench)).isZero();
            // Before or after write(2) has copied: both are orders of two stores.
            assertThat(bench.read(A)[OFFSET]).isIn((byte) STORED, (byte) WRITTEN);
          }
        });
  }
}
