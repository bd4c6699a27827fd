// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import org.junit.jupiter.api.Test;

/** Faults of private mappings: copies that the file never sees. */
class PrivateFaultTest extends OnImage {
  private Vma copy(long length) throws Exception {
    return map(mm, f, length, AddressSpace.MAP_PRIVATE);
  }

  @Test
  void aPrivateLoadShowsTheFileAndAStoreCopiesWithoutAskingIt() throws Exception {
    f.pwrite(0, bytes(P, 1));
    Vma m = copy(P);
    Vma s = shared(f, P);
    assertThat(load(m, 0)).isEqualTo((byte) 1);
    assertThat(page(m, 0)).startsWith("block ");
    store(s, 0, 2);
    assertThat(load(m, 0)).isEqualTo((byte) 2);
    events();
    image.clock.addAndGet(2);
    store(m, 0, 3);
    assertThat(page(m, 0)).isEqualTo("anon");
    assertThat(events()).isEmpty();
    assertThat(read(f, 0)).isEqualTo((byte) 2);
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND);
    store(s, 0, 4);
    assertThat(load(m, 0)).isEqualTo((byte) 3);
  }

  @Test
  void aPrivateStoreOnAHoleAllocatesNothing() throws Exception {
    f.truncate(P);
    Vma m = copy(P);
    store(m, 3, 9);
    assertThat(page(m, 0)).isEqualTo("anon");
    assertThat(f.stat().blocks512()).isZero();
    assertThat(read(f, 3)).isZero();
    assertThat(events())
        .containsExactly(
            "dax_pte_fault private WRITE pgoff=0",
            "dax_pte_fault_done private WRITE pgoff=0 DONE_COW");
  }

  @Test
  void aPrivateStoreWithoutALoadCopiesTheBlock() throws Exception {
    f.pwrite(0, bytes(P, 6));
    Vma m = copy(P);
    store(m, 3, 9);
    assertThat(mm.load(m, 2, 3)).containsExactly(6, 9, 6);
  }

  @Test
  void truncationTakesPrivateCopiesToo() throws Exception {
    f.pwrite(0, bytes(P, 6));
    Vma m = copy(P);
    store(m, 0, 1);
    f.truncate(0);
    assertBusError(m, 0, () -> load(m, 0));
    assertBusError(m, 0, () -> store(m, 0, 1));
  }

  @Test
  void aWriteIntoAHoleKeepsPrivateCopies() throws Exception {
    f.truncate(2 * P);
    Vma m = copy(2 * P);
    store(m, 0, 1);
    load(m, P);
    f.pwrite(0, bytes(2 * P, 5));
    assertThat(page(m, 0)).isEqualTo("anon");
    assertThat(page(m, 1)).isEqualTo("none");
    assertThat(load(m, 0)).isEqualTo((byte) 1);
    assertThat(load(m, P)).isEqualTo((byte) 5);
  }

  @Test
  void aPrivateStoreBeyondTheEndIsABusErrorWithoutNewTimes() throws Exception {
    f.truncate(P);
    Vma m = copy(2 * P);
    image.clock.addAndGet(2);
    assertBusError(m, P, () -> store(m, P, 1));
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND);
  }
}
