// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.Vma;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The four handlers of the series, as the kernel {@code lab=series} was seen to answer. */
class SeriesFaultTest extends OnImage {
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  @BeforeEach
  @Override
  void mount() throws Exception {
    image = new ImageFixture();
    remount(Profile.SERIES, LockOrder.MERGED);
  }

  private void remount(Profile profile, LockOrder order) throws Exception {
    if (fs != null) {
      for (Vma vma : vmas) {
        mm.munmap(vma);
      }
      vmas.clear();
      f.close();
      fs.unmount();
    }
    fs =
        Ext2FileSystem.mount(
            image.region(),
            image.options(),
            image
                .instrumentation()
                .withAllocatorPid(() -> 1009)
                .withVariation(Lab.of(profile, order)));
    mm = fs.newAddressSpace();
    f = fs.open("/f", O_RDWR_CREAT, 0644);
  }

  private Vma aligned(long firstPage, long pages, int flags) throws Exception {
    Vma vma = mm.mmap(f.mappable(), firstPage * P, pages * P, READ_WRITE, flags, Mmu.HUGE_BYTES);
    vmas.add(vma);
    return vma;
  }

  private Vma aligned(long firstPage, long pages) throws Exception {
    return aligned(firstPage, pages, AddressSpace.MAP_SHARED);
  }

  /** Blocks 512 to 1023 of the file lie together, from a multiple of 512 on. */
  private void writeAlignedChunk() throws Exception {
    for (int page = 1; page < 1024; page += 64) {
      f.pwrite((long) page * P, bytes(Math.min(64, 1024 - page) * P, 0x4c));
    }
  }

  @Test
  void pfnMkwriteOfABlockTagsItAndTracesNothing() throws Exception {
    f.pwrite(0, bytes(P, 1));
    Vma m = aligned(0, 1);
    load(m, 0);
    events();
    image.clock.addAndGet(3);
    store(m, 0, 2);
    assertThat(events()).isEmpty();
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND + 3);
    f.fsync();
    assertThat(events()).contains("dax_writeback_one pgoff=0 pglen=1");
    assertThat(read(f, 0)).isEqualTo((byte) 2);
  }

  @Test
  void pfnMkwriteOfAHoleRunsTheBodyOfAFault() throws Exception {
    f.truncate(P);
    Vma m = aligned(0, 1);
    load(m, 0);
    events();
    store(m, 0, 2);
    assertThat(events())
        .containsExactly(
            "dax_pte_fault shared WRITE|MKWRITE pgoff=0",
            "dax_insert_mapping shared write pgoff=0 block=2048",
            "dax_pte_fault_done shared WRITE|MKWRITE pgoff=0 NOPAGE");
  }

  @Test
  void aFirstFaultAsksForTwoMebibytesUntilThereIsATable() throws Exception {
    f.truncate(4 * P);
    Vma m = aligned(0, 4);
    load(m, 0);
    load(m, P);
    assertThat(events())
        .containsExactly(
            "dax_pmd_fault shared - pgoff=0 max_pgoff=4",
            "dax_pmd_fault_done shared - pgoff=0 max_pgoff=4 FALLBACK",
            "dax_pte_fault shared - pgoff=0",
            "dax_load_hole shared - pgoff=0 NOPAGE",
            "dax_pte_fault_done shared - pgoff=0 NOPAGE",
            "dax_pte_fault shared - pgoff=1",
            "dax_load_hole shared - pgoff=1 NOPAGE",
            "dax_pte_fault_done shared - pgoff=1 NOPAGE");
    mm.munmap(m);
    events();
    Vma again = aligned(0, 4);
    load(again, 0);
    assertThat(events()).first().asString().startsWith("dax_pmd_fault ");
  }

  @Test
  void anAlignedChunkIsOneEntryAndIsWrittenBackAsOne() throws Exception {
    writeAlignedChunk();
    Vma m = aligned(0, 1024);
    load(m, 512L * P);
    assertThat(events())
        .containsExactly(
            "dax_pmd_fault shared - pgoff=512 max_pgoff=1024",
            "dax_pmd_insert_mapping shared read pgoff=512 block=2560",
            "dax_pmd_fault_done shared - pgoff=512 max_pgoff=1024 NOPAGE");
    assertThat(page(m, 1023)).isEqualTo("block 3071 huge");
    store(m, 600L * P, 7);
    store(m, 601L * P, 7);
    assertThat(events())
        .containsExactly(
            "dax_pmd_fault shared WRITE pgoff=600 max_pgoff=1024",
            "dax_pmd_insert_mapping shared write pgoff=600 block=2560",
            "dax_pmd_fault_done shared WRITE pgoff=600 max_pgoff=1024 NOPAGE");
    mm.msync(m, 700L * P, P, AddressSpace.MS_SYNC);
    assertThat(events()).contains("dax_writeback_one pgoff=512 pglen=512");
    store(m, 602L * P, 7);
    assertThat(events()).hasSize(3);
    f.truncate(600L * P);
    assertThat(page(m, 512)).isEqualTo("none");
    assertBusError(m, 600L * P, () -> load(m, 600L * P));
  }

  @Test
  void aPrivateStoreTakesTwoMebibytesApart() throws Exception {
    writeAlignedChunk();
    Vma m = aligned(512, 512, AddressSpace.MAP_PRIVATE);
    load(m, 0);
    assertThat(page(m, 9)).endsWith("huge");
    events();
    store(m, 0, 1);
    assertThat(events())
        .containsExactly(
            "dax_pmd_fault private WRITE pgoff=512 max_pgoff=1024",
            "dax_pmd_fault_done private WRITE pgoff=512 max_pgoff=1024 FALLBACK",
            "dax_pte_fault private WRITE pgoff=512",
            "dax_pte_fault_done private WRITE pgoff=512 DONE_COW");
    assertThat(page(m, 0)).isEqualTo("anon");
    assertThat(page(m, 9)).isEqualTo("none");
    assertThat(read(f, 512L * P)).isEqualTo((byte) 0x4c);
  }

  @Test
  void aPartialLastPageDoesNotHang() throws Exception {
    f.truncate(1024L * P - 100);
    Vma m = aligned(0, 1024);
    store(m, 512L * P, 1);
    assertThat(f.stat().blocks512()).isEqualTo(4104);
    assertThat(page(m, 512)).doesNotContain("huge");
  }

  /**
   * All states of the series answer alike one task at a time: the check in pfn_mkwrite is for a
   * race, and no access gets that far alone.
   */
  @Test
  void theStatesOfTheSeriesAnswerTheSameOneTaskAtATime() throws Exception {
    for (Profile profile : Profile.values()) {
      for (LockOrder order : LabOrders.values()) {
        remount(profile, order);
        f.truncate(0);
        f.truncate(2 * P);
        Vma m = aligned(0, 3);
        load(m, 0);
        store(m, 0, 1);
        store(m, P, 1);
        f.fsync();
        store(m, 0, 2);
        assertBusError(m, 2 * P, () -> store(m, 2 * P, 1));
        f.truncate(P);
        assertBusError(m, P, () -> store(m, P, 1));
        assertThat(load(m, 0)).as(profile + " " + order.name()).isEqualTo((byte) 2);
      }
    }
  }

  /** An entry for one page, made through a mapping of other colour. */
  private List<String> eventsWithASmallEntryInTheWay() throws Exception {
    writeAlignedChunk();
    Vma n = aligned(513, 8);
    load(n, 0);
    Vma m = aligned(512, 512);
    events();
    load(m, 5L * P);
    return events();
  }

  @Test
  void pagesAreNeverJoined() throws Exception {
    assertThat(eventsWithASmallEntryInTheWay())
        .contains("dax_pmd_fault_done shared - pgoff=517 max_pgoff=1024 FALLBACK")
        .contains("dax_insert_mapping shared read pgoff=517 block=2565");
  }

  @Test
  void truncationIntoTwoMebibytesRemovesTheWholeEntry() throws Exception {
    f.truncate(0);
    writeAlignedChunk();
    Vma m = aligned(512, 512);
    load(m, 0);
    f.truncate(600L * P);
    events();
    load(m, 3L * P);
    // Of its own page; an entry that should be gone would give its first block, 2560.
    assertThat(events()).contains("dax_insert_mapping shared read pgoff=515 block=2563");
  }
}
