// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockOrderViolation;
import io.pmem4j.ext2.lock.LockReport;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.Vma;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bodies of Linux 4.4, which no kernel here runs: as their source has them. */
class Faults2015Test extends OnImage {
  private Lab lab;

  @BeforeEach
  @Override
  void mount() throws Exception {
    image = new ImageFixture();
    mount(LockOrder.MERGED);
  }

  private void mount(LockOrder order) throws Exception {
    lab = Lab.of(Profile.V4_4, order);
    fs =
        Ext2FileSystem.mount(
            image.region(),
            image.options(),
            image.instrumentation().withAllocatorPid(() -> 1009).withVariation(lab));
    mm = fs.newAddressSpace();
    f = fs.open("/f", O_RDWR_CREAT, 0644);
  }

  @Test
  void aHoleIsAPageAndAStoreToItComesThroughPageMkwrite() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    assertThat(load(m, 0)).isZero();
    assertThat(page(m, 0)).isEqualTo("zero");
    assertThat(f.stat().blocks512()).isZero();
    store(m, 5, 7);
    assertThat(lab.pageMkwrites()).isEqualTo(1);
    assertThat(page(m, 0)).startsWith("block ");
    assertThat(read(f, 5)).isEqualTo((byte) 7);
    assertThat(f.stat().blocks512()).isEqualTo(8);
  }

  @Test
  void aBlockIsReadOnlyAtFirst() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    store(m, 0, 1);
    assertThat(mm.mmu().entry(m.start()).writable()).isTrue();
    mm.madvise(m, 0, P, 4);
    load(m, 0);
    assertThat(mm.mmu().entry(m.start()).writable()).isFalse();
    store(m, 1, 2);
    assertThat(mm.load(m, 0, 2)).containsExactly(1, 2);
    assertThat(lab.pageMkwrites()).isZero();
  }

  @Test
  void otherMappingsLoseTheHolePage() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    AddressSpace other = fs.newAddressSpace();
    Vma n = map(other, f, P, AddressSpace.MAP_SHARED);
    assertThat(load(n, 0)).isZero();
    load(m, 0);
    store(m, 0, 9);
    assertThat(load(n, 0)).isEqualTo((byte) 9);
  }

  @Test
  void writeTakesHolePagesAway() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    load(m, 0);
    f.pwrite(0, bytes(10, 3));
    assertThat(load(m, 9)).isEqualTo((byte) 3);
  }

  @Test
  void truncationTakesBlocksAndHolePages() throws Exception {
    f.truncate(3 * P);
    Vma m = shared(f, 3 * P);
    load(m, 0);
    store(m, P, 1);
    load(m, 2 * P);
    f.truncate(P);
    assertThat(page(m, 1)).isEqualTo("none");
    assertThat(page(m, 2)).isEqualTo("none");
    assertBusError(m, P, () -> load(m, P));
    assertBusError(m, 2 * P, () -> store(m, 2 * P, 1));
    assertThat(load(m, 0)).isZero();
    f.truncate(3 * P);
    assertThat(load(m, P)).isZero();
  }

  @Test
  void aPrivateStoreCopiesAndChangesTheTimes() throws Exception {
    f.pwrite(0, bytes(P, 4));
    f.truncate(2 * P);
    Vma p = map(mm, f, 2 * P, AddressSpace.MAP_PRIVATE);
    store(p, 0, 5);
    assertThat(load(p, 1)).isEqualTo((byte) 4);
    assertThat(read(f, 0)).isEqualTo((byte) 4);
    load(p, P);
    store(p, P, 6);
    assertThat(page(p, 1)).isEqualTo("anon");
    Vma q = map(mm, f, 2 * P, AddressSpace.MAP_PRIVATE);
    store(q, P, 6);
    assertThat(page(q, 1)).isEqualTo("anon");
    assertThat(f.stat().blocks512()).isEqualTo(8);
  }

  @Test
  void twoMebibytesAtOnce() throws Exception {
    for (int page = 1; page < 1024; page += 64) {
      f.pwrite((long) page * P, bytes(Math.min(64, 1024 - page) * P, 0x4c));
    }
    Vma m =
        mm.mmap(
            f.mappable(),
            512L * P,
            512L * P,
            AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
            AddressSpace.MAP_SHARED,
            Mmu.HUGE_BYTES);
    vmas.add(m);
    assertThat(load(m, 100)).isEqualTo((byte) 0x4c);
    assertThat(page(m, 3)).endsWith(" huge");
    store(m, 7 * P, 1);
    assertThat(read(f, 519L * P)).isEqualTo((byte) 1);
    f.truncate(600L * P);
    assertThat(page(m, 3)).isEqualTo("none");
    assertThat(load(m, 100)).isEqualTo((byte) 0x4c);
    assertBusError(m, 88L * P, () -> load(m, 88L * P));
  }

  @Test
  void theLocksOfHolePagesFollowTheOrder() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    load(m, 0);
    store(m, 0, 1);
    load(m, P);
    f.truncate(0);
    assertThat(image.lockValidator.edges().stream().map(Object::toString))
        .contains(
            "&ei->dax_sem -> page_lock(ext2)",
            "page_lock(ext2) -> &ei->truncate_mutex",
            "page_lock(ext2) -> &mapping->i_mmap_rwsem")
        .doesNotContain("&mapping->i_mmap_rwsem -> page_lock(ext2)");
    // On 5.10 the entry's lock has taken the place of the page's: the two are never held together.
    assertThat(LockOrder.MERGED.allows(LockClass.DAX_ENTRY, LockClass.PAGE_LOCK)).isFalse();
    assertThat(LockOrder.MERGED.allows(LockClass.PAGE_LOCK, LockClass.DAX_ENTRY)).isFalse();
  }

  /**
   * The inversion that the letter names for its first attempt: names take the page first, faults
   * the mutex.
   */
  @Test
  void theMutexFirstIsTheInversionOfTheLetter() throws Exception {
    f.close();
    fs.unmount();
    mount(LabOrders.TRUNCATE_MUTEX_FIRST);
    // A directory that needs a block: its page is locked while it is allocated.
    for (int i = 0; i < 16; i++) {
      fs.open("/" + i + "n".repeat(250), O_RDWR_CREAT, 0644).close();
    }
    f.truncate(P);
    Vma m = shared(f, P);
    assertThatThrownBy(() -> load(m, 0))
        .isInstanceOfSatisfying(
            LockOrderViolation.class,
            violation -> {
              LockReport report = violation.report().orElseThrow();
              assertThat(report.kind()).isEqualTo(LockReport.Kind.CIRCULAR);
              assertThat(report.chain())
                  .containsExactly(LockClass.PAGE_LOCK, LockClass.TRUNCATE_MUTEX);
              assertThat(report.text()).contains("PteFaultV44", "DirectoryBlocks");
            });
  }

  /** A block that a fault was about to map is another file's: the fault clears it all the same. */
  @Test
  void aStoreThroughAMappingIsThereAfterAll() throws Exception {
    f.truncate(20 * P);
    Vma m = shared(f, 20 * P);
    byte[] expected = new byte[20 * P];
    for (int i = 0; i < 200; i++) {
      int at = (i * 7919) % expected.length;
      expected[at] = (byte) i;
      if (i % 3 == 0) {
        load(m, (at + 3 * P) % expected.length);
      }
      store(m, at, i);
    }
    byte[] found = new byte[20 * P];
    f.pread(0, found);
    assertThat(Arrays.equals(found, expected)).isTrue();
  }
}
