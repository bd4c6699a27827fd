// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real threads store through a mapping while the file is cut and its blocks are given to another
 * file, as in the negative control that was run on a kernel. Other files stay intact, the image is
 * clean, and the locks that were taken follow the merged order.
 */
class FaultAgainstTruncateTest extends OnImage {
  private static final int ROUNDS = 300;
  private static final int PAGES = 8;

  @Test
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void aStoreNeverReachesAnotherFile() throws Exception {
    try (OpenFile other = fs.open("/other", O_RDWR_CREAT, 0644);
        var pool = Executors.newFixedThreadPool(5)) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int storer = 0; storer < 2; storer++) {
        Vma m = map(fs.newAddressSpace(), f, PAGES * P, AddressSpace.MAP_SHARED);
        tasks.add(() -> {
          int stored = 0;
          // On a busy machine all rounds may be over before the file has a page.
          for (int i = 0; i < ROUNDS * 20 || stored == 0; i++) {
            try {
              store(m, (long) (i % PAGES) * P + 7, 0xa5);
              stored++;
            } catch (SignalException beyondTheEnd) {
              assertThat(beyondTheEnd.signo()).isEqualTo(SignalException.SIGBUS);
            }
          }
          return stored;
        });
      }
      tasks.add(() -> {
        for (int i = 0; i < ROUNDS; i++) {
          f.pwrite(0, bytes(PAGES * P, 0x11));
          f.truncate(0);
          assertThat(f.stat().size()).isZero();
        }
        f.pwrite(0, bytes(PAGES * P, 0x11));
        return 0;
      });
      tasks.add(() -> {
        for (int i = 0; i < ROUNDS; i++) {
          byte[] pattern = bytes(PAGES * P, 0x3c);
          other.truncate(0);
          other.pwrite(0, pattern);
          byte[] back = new byte[PAGES * P];
          other.pread(0, back);
          assertThat(back).as("round " + i).isEqualTo(pattern);
        }
        return 0;
      });
      int stored = 0;
      for (Future<Integer> done : pool.invokeAll(tasks)) {
        stored += done.get();
      }
      assertThat(stored).isPositive();
    }
    var edges = image.lockValidator.edges();
    assertThat(edges).allMatch(edge -> LockOrder.MERGED.allows(edge.outer(), edge.inner()));
    assertThat(edges.stream().map(Object::toString))
        .contains(
            "&mm->mmap_lock -> sb_pagefaults",
            "sb_pagefaults -> &ei->dax_sem",
            "&ei->dax_sem -> &ei->truncate_mutex",
            "&sb->s_type->i_mutex_key -> &ei->dax_sem",
            "&sb->s_type->i_mutex_key -> &mm->mmap_lock");
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void twoStoresIntoOneHoleTakeOneBlock() throws Exception {
    Vma a = map(fs.newAddressSpace(), f, P, AddressSpace.MAP_SHARED);
    Vma b = map(fs.newAddressSpace(), f, P, AddressSpace.MAP_SHARED);
    try (var pool = Executors.newFixedThreadPool(2)) {
      for (int round = 0; round < ROUNDS; round++) {
        f.truncate(0);
        f.truncate(P);
        List<Callable<Void>> stores =
            List.of(
                () -> {
                  store(a, 10, 1);
                  return null;
                },
                () -> {
                  store(b, 20, 2);
                  return null;
                });
        for (Future<Void> done : pool.invokeAll(stores)) {
          done.get();
        }
        assertThat(f.stat().blocks512()).isEqualTo(8);
        assertThat(read(f, 10)).isEqualTo((byte) 1);
        assertThat(read(f, 20)).isEqualTo((byte) 2);
      }
    }
  }
}
