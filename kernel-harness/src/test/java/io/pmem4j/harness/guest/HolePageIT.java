// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static io.pmem4j.harness.guest.RaceBench.PAGE;
import static io.pmem4j.harness.guest.RaceBench.SOON;
import static io.pmem4j.harness.guest.RaceBench.answer;
import static io.pmem4j.harness.guest.RaceBench.load;
import static io.pmem4j.harness.guest.RaceBench.store;
import static io.pmem4j.harness.guest.RaceBench.truncate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The claims of the letter about page_mkwrite and page_lock, on a kernel whose holes have pages of
 * the page cache again: {@code ext2.hole_pages=1}.
 */
@Tag("kernels")
class HolePageIT {
  private static final int A = 0;
  private static final int BUS = 7;
  private static final String BEFORE_MUTEX = "alloc-before-mutex";

  /** Bits 63 and 61 of a pagemap entry: present, and a page of a file or shared. */
  private static final long PAGE_OF_FILE = 5;

  @TempDir private Path directory;

  /** A file of four pages without a block, mapped. */
  private RaceBench boot(String lab, boolean holePages) throws IOException {
    RaceBench bench = RaceBench.boot(directory, lab + (holePages ? " ext2.hole_pages=1" : ""));
    bench.open(A, "a");
    bench.ask(Request.of(Syscall.FTRUNCATE, A, 4L * PAGE));
    bench.map(A, 4);
    return bench;
  }

  private static long pageMkwrites(RaceBench bench) throws GuestException {
    return Long.parseLong(bench.sh("cat /sys/module/ext2/parameters/page_mkwrites").strip());
  }

  private static long entry(RaceBench bench, long page) throws GuestException {
    return bench.ask(Request.of(Syscall.PAGEMAP, A, page * PAGE)).result();
  }

  private static long blocks(RaceBench bench) throws GuestException {
    byte[] stat = bench.ask(Request.of(Syscall.FSTAT, A)).data();
    return ByteBuffer.wrap(stat).order(ByteOrder.LITTLE_ENDIAN).getLong(32);
  }

  @Test
  void aHoleThatWasReadIsAPageThatPageMkwriteReplacesByTheBlock() throws Exception {
    try (RaceBench bench = boot("series", true)) {
      assertThat(bench.ask(load(A, 0)).data()).containsExactly(0);
      assertThat(entry(bench, 0) >>> 61).as("the hole's page").isEqualTo(PAGE_OF_FILE);
      assertThat(blocks(bench)).isZero();

      assertThat(bench.ask(store(A, 0, 0x42)).result()).isEqualTo(1);
      assertThat(pageMkwrites(bench)).isEqualTo(1);
      assertThat(entry(bench, 0) >>> 61).as("a block").isEqualTo(4);
      assertThat(blocks(bench)).isEqualTo(8);
      assertThat(bench.read(A)[0]).as("the store went to the block").isEqualTo((byte) 0x42);

      // A task without an entry of its own comes to fault and not to page_mkwrite.
      bench.ask(load(A, 1));
      bench.ask(Request.of(Syscall.MUNMAP, A));
      bench.map(A, 4);
      assertThat(bench.ask(store(A, 1, 0x43)).result()).isEqualTo(1);
      assertThat(pageMkwrites(bench)).isEqualTo(1);
      assertThat(blocks(bench)).isEqualTo(16);

      // Truncation takes the page of a hole as it takes a block.
      bench.ask(load(A, 2));
      assertThat(entry(bench, 2) >>> 61).isEqualTo(PAGE_OF_FILE);
      bench.ask(truncate(A));
      assertThat(entry(bench, 2)).as("unmapped").isZero();
      assertThat(bench.guest.request(load(A, 2)).signo()).isEqualTo(BUS);
      assertThat(bench.guest.request(store(A, 2, 1)).signo()).isEqualTo(BUS);

      assertThat(bench.lockEdges().edges())
          .as("the letter's order, page_lock where it has it")
          .contains("&ei->dax_sem -> page_lock(ext2)", "page_lock(ext2) -> &ei->truncate_mutex")
          .doesNotContain(
              "page_lock(ext2) -> &ei->dax_sem", "&ei->truncate_mutex -> page_lock(ext2)");
      bench.guest.check();
      assertThat(bench.guest.lockdepOn()).isTrue();
    }
  }

  /** The ways to and from the page that are no fault of a shared mapping. */
  @Test
  void privateMappingsWritesAndEvictionKnowThePage() throws Exception {
    try (RaceBench bench = boot("series", true)) {
      int copy = 1;
      Request mapPrivately = Request.of(Syscall.MMAP, copy, A, 0, 4L * PAGE, 3, 2, 0);
      bench.ask(mapPrivately);
      bench.ask(load(copy, 0));
      bench.ask(store(copy, 0, 0x55));
      assertThat(bench.ask(load(copy, 0)).data()).containsExactly(0x55);
      bench.ask(Request.of(Syscall.MUNMAP, copy));
      bench.ask(mapPrivately);
      // The page is there and this table has no entry: a copy of the page.
      bench.ask(store(copy, 0, 0x56));
      assertThat(bench.ask(load(copy, 0)).data()).containsExactly(0x56);
      assertThat(bench.read(A)).containsOnly(0);
      assertThat(blocks(bench)).isZero();

      bench.ask(load(A, 0));
      bench.write(A, 0, 1, 0x41);
      assertThat(bench.ask(load(A, 0)).data()).as("write(2) took the page").containsExactly(0x41);
      assertThat(entry(bench, 0) >>> 61).isEqualTo(4);
      assertThat(pageMkwrites(bench)).as("a copy is none of its").isZero();

      bench.ask(load(A, 1));
      bench.ask(Request.of(Syscall.FSYNC, A));
      bench.sh("echo 3 > /proc/sys/vm/drop_caches");
      bench.ask(load(A, 2));
      bench.ask(Request.of(Syscall.MUNMAP, copy));
      bench.ask(Request.of(Syscall.MUNMAP, A));
      bench.ask(Request.of(Syscall.CLOSE, A));
      bench.sh("rm /mnt/a && sync");
      bench.ask(Request.of(WireOp.END));
      bench.ask(Request.of(WireOp.UMOUNT, 0).withStrings("/mnt"));
      bench.guest.check();
      assertThat(bench.guest.lockdepOn()).isTrue();
    }
  }

  /** The control: with the zero page of 5.10 nothing calls it. */
  @Test
  void withTheZeroPageNothingCallsPageMkwrite() throws Exception {
    try (RaceBench bench = boot("series", false)) {
      bench.ask(load(A, 0));
      assertThat(entry(bench, 0) >>> 61).isEqualTo(4);
      bench.ask(store(A, 0, 0x42));
      assertThat(pageMkwrites(bench)).isZero();
      bench.guest.check();
    }
  }

  /**
   * A store waits in page_mkwrite, before it allocates and with the hole's page locked, while the
   * file is truncated to nothing.
   *
   * @return the stack on which the truncate waits meanwhile
   */
  private static String storeAcrossTruncate(RaceBench bench, Response[] stored)
      throws GuestException {
    bench.ask(load(A, 3));
    try (TaskClient fault = TaskClient.start(bench.guest, 1);
        TaskClient truncate = TaskClient.start(bench.guest, 2)) {
      fault.submit(load(A, 3));
      assertThat(answer(fault).result()).isEqualTo(1);
      fault.arm(BEFORE_MUTEX);
      fault.submit(store(A, 3, 0x42));
      assertThat(fault.awaitAt(BEFORE_MUTEX, SOON)).isTrue();
      truncate.submit(truncate(A));
      TaskState blocked =
          truncate.awaitState(s -> s.sleepsOnALock() && s.stack().contains("ext2_setattr"), SOON);
      fault.go(BEFORE_MUTEX);
      stored[0] = answer(fault);
      assertThat(answer(truncate).result()).isZero();
      return String.join(" ", blocked.stack());
    }
  }

  /** R4: without the lock it is the page's that truncate waits for, half done. */
  @Test
  void withoutDaxSemTruncateWaitsForThePageOfAHole() throws Exception {
    try (RaceBench bench = boot("patch1", true)) {
      Response[] stored = new Response[1];
      String stack = storeAcrossTruncate(bench, stored);
      assertThat(stack).contains("truncate_inode_pages_range").doesNotContain("rwsem_down_write");
      assertThat(stored[0].signo()).as("a page that is gone").isEqualTo(BUS);
      assertThat(pageMkwrites(bench)).isEqualTo(1);
      assertThat(blocks(bench)).as("truncate freed the blocks past EOF").isZero();
      bench.guest.check();
    }
  }

  @Test
  void underTheSeriesTruncateWaitsForPageMkwriteBeforeItTouchesAnything() throws Exception {
    try (RaceBench bench = boot("series", true)) {
      Response[] stored = new Response[1];
      String stack = storeAcrossTruncate(bench, stored);
      assertThat(stack).contains("rwsem_down_write").doesNotContain("truncate_inode_pages_range");
      assertThat(List.of(0, BUS)).contains(stored[0].signo());
      assertThat(pageMkwrites(bench)).isEqualTo(1);
      assertThat(blocks(bench)).isZero();
      bench.guest.check();
    }
  }

  /**
   * The rejected attempt, where it fails as its author says: a fault that takes truncate_mutex
   * before the lock of a hole's page inverts the order that writing to a directory has.
   */
  @Test
  void truncateMutexFirstInvertsAgainstThePageLock() throws Exception {
    try (RaceBench bench = boot("tmf", true)) {
      bench.sh("mkdir /mnt/d && rmdir /mnt/d");
      assertThat(bench.lockEdges().edges()).contains("page_lock(ext2) -> &ei->truncate_mutex");
      bench.ask(load(A, 0));
      bench.guest.check();
      bench.guest.request(store(A, 0, 0x42));
      assertThatThrownBy(bench.guest::check).hasMessageContaining("possible circular locking");
      assertThat(bench.consoleText()).contains("page_lock(ext2)", "truncate_mutex");
    }
  }
}
