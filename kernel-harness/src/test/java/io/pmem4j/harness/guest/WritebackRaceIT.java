// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static io.pmem4j.harness.guest.RaceBench.SOON;
import static io.pmem4j.harness.guest.RaceBench.answer;
import static io.pmem4j.harness.guest.RaceBench.load;
import static io.pmem4j.harness.guest.RaceBench.store;
import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * S1 of the explorer, on kernels: writeback between what pfn_mkwrite does to the entry and what the
 * core does to the page table.
 *
 * <pre>
 * F: pfn_mkwrite tags the entry |                             | the core makes the page writable, stores
 * W:                            | fsync: flushes, tag removed |
 * </pre>
 *
 * <p>From then on F stores without a fault, and no fsync knows of it.
 */
@Tag("kernels")
class WritebackRaceIT {
  private static final int A = 0;
  private static final String HANDLED = "fault-dax-sem-released";

  @TempDir private Path directory;

  private static boolean writesBack(RaceBench bench) throws GuestException {
    return bench.ask(Request.of(WireOp.FSYNC, A)).events().contains("dax_writeback_one");
  }

  /**
   * Runs the schedule.
   *
   * @return whether a store that came after it is known to the next fsync
   */
  private static boolean knowsOfTheStore(RaceBench bench) throws GuestException {
    bench.write(A, 0, 1, 0x41);
    try (TaskClient fault = TaskClient.start(bench.guest, 1)) {
      fault.submit(load(A, 0));
      assertThat(answer(fault).result()).isEqualTo(1);
      assertThat(writesBack(bench)).as("nothing is dirty yet").isFalse();
      fault.arm(HANDLED);
      fault.submit(store(A, 0, 0x42));
      assertThat(fault.awaitAt(HANDLED, SOON)).isTrue();
      assertThat(writesBack(bench)).as("the entry is dirty before the page is writable").isTrue();
      fault.go(HANDLED);
      assertThat(answer(fault).result()).isEqualTo(1);

      fault.submit(store(A, 0, 0x43));
      assertThat(answer(fault).events()).as("writable: no fault").isEmpty();
      assertThat(bench.read(A)[0]).isEqualTo((byte) 0x43);
      return writesBack(bench);
    }
  }

  /** Found by the explorer in the model, and true of the handlers of 2015 on a kernel. */
  @Test
  void ofTheSeriesAStoreIsLostToFsync() throws Exception {
    try (RaceBench bench = RaceBench.boot(directory, "series")) {
      bench.open(A, "a");
      bench.write(A, 0, 1, 0x41);
      bench.map(A, 1);
      for (int i = 0; i < 10; i++) {
        assertThat(knowsOfTheStore(bench)).as("round %d", i).isFalse();
        bench.ask(RaceBench.truncate(A));
      }
      // The call reports success: that makes it a finding.
      bench.guest.check();
      assertThat(bench.guest.lockdepOn()).isTrue();
    }
  }

  /** As merged the page becomes writable under the entry's lock; fsync takes that away again. */
  @Test
  void asMergedIn510TheStoreFaultsAgainAndIsWrittenBack() throws Exception {
    try (RaceBench bench = RaceBench.boot(directory, "")) {
      bench.open(A, "a");
      bench.write(A, 0, 1, 0x41);
      bench.map(A, 1);
      for (int i = 0; i < 10; i++) {
        assertThat(knowsOfTheStore(bench)).as("round %d", i).isTrue();
        bench.ask(RaceBench.truncate(A));
      }
      bench.guest.check();
    }
  }
}
