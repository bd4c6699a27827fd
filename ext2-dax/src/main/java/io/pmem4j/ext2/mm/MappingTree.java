// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code address_space->i_mmap}: all mappings of one file, in every address space, guarded by
 * {@code i_mmap_rwsem}. Lets the file take pages out of page tables that it does not own.
 */
public final class MappingTree {
  private final OrderedRwSemaphore iMmapRwsem;
  private final List<Vma> vmas = new ArrayList<>();

  /** Mappings whose pages are shown ahead; changed under the lock. */
  private volatile int populated;

  /** The number of mappings, or another that is not 0 either; changed under the lock. */
  private volatile int mapped;

  /** No mappings yet. */
  public MappingTree(Scheduler scheduler, LockValidator validator, String name) {
    iMmapRwsem =
        new OrderedRwSemaphore(
            scheduler, validator, LockClass.I_MMAP_RWSEM, "i_mmap_rwsem of " + name);
  }

  void insert(Vma vma) {
    try (var _ = iMmapRwsem.exclusive()) {
      vmas.add(vma);
      count();
    }
  }

  void remove(Vma vma) {
    try (var _ = iMmapRwsem.exclusive()) {
      vmas.remove(vma);
      count();
    }
  }

  private void count() {
    mapped = vmas.size();
    populated = (int) vmas.stream().filter(vma -> vma.mm().mmu().isPopulated()).count();
  }

  /** Returns true if the file is mapped at all: {@code mapping_mapped}. */
  public boolean anyMapping() {
    return mapped != 0;
  }

  /** Returns true if an entry shows the page of this number at an index: {@code page_mapped}. */
  public boolean isShown(long index, long number) {
    try (var _ = iMmapRwsem.shared()) {
      return vmas.stream()
          .filter(vma -> index >= vma.pgoff() && index < vma.pgoffEnd())
          .map(vma -> vma.mm().mmu().entry(vma.addressOf(index)))
          .anyMatch(entry -> entry.kind() == PagemapEntry.Kind.PAGE && entry.block() == number);
    }
  }

  /** Returns true if a shared entry that shows the frame at this index allows stores. */
  public boolean isWritable(long index, long frame) {
    try (var _ = iMmapRwsem.shared()) {
      return vmas.stream()
          .filter(vma -> vma.shared() && index >= vma.pgoff() && index < vma.pgoffEnd())
          .map(vma -> vma.mm().mmu().entry(vma.addressOf(index)))
          .anyMatch(entry -> entry.writable() && entry.block() == frame);
    }
  }

  /** The file has changed: what is shown ahead of accesses looks again. The caller has no locks. */
  public void populate() {
    if (populated == 0) {
      return;
    }
    List<Vma> now;
    try (var _ = iMmapRwsem.shared()) {
      now = vmas.stream().filter(vma -> vma.mm().mmu().isPopulated()).toList();
    }
    now.forEach(vma -> vma.mm().mmu().populate());
  }

  /** Others take the place of mappings at once: nobody who walks the tree misses a page. */
  void replace(List<Vma> old, List<Vma> now) {
    try (var _ = iMmapRwsem.exclusive()) {
      vmas.removeAll(old);
      vmas.addAll(now);
    }
  }

  /**
   * {@code take_rmap_locks}: moves the entries of one mapping to another, while nobody walks the
   * tree.
   *
   * @param from stays in the tree
   * @param to comes into it, behind the other
   */
  void move(Vma from, Vma to, Runnable entries) {
    try (var _ = iMmapRwsem.exclusive()) {
      vmas.add(vmas.indexOf(from) + 1, to);
      entries.run();
    }
  }

  /**
   * {@code unmap_mapping_pages}: removes a range of the file from all page tables.
   *
   * @param firstIndex first page of the file
   * @param pages how many; {@link Long#MAX_VALUE} for all that follow
   * @param evenCows also private copies
   */
  public void unmap(long firstIndex, long pages, boolean evenCows) {
    long endIndex = pages > Long.MAX_VALUE - firstIndex ? Long.MAX_VALUE : firstIndex + pages;
    try (var _ = iMmapRwsem.exclusive()) {
      for (Vma vma : vmas) {
        long first = Math.max(firstIndex, vma.pgoff());
        long end = Math.min(endIndex, vma.pgoffEnd());
        if (first < end) {
          vma.mm().mmu().zap(vma, vma.addressOf(first), vma.addressOf(end), evenCows);
        }
      }
    }
  }

  /**
   * Makes every shared entry that shows the frame at this index read-only and clean.
   *
   * @return whether stores go on that nobody will notice
   */
  public boolean writeProtect(long index, long frame) {
    boolean unnoticed = false;
    try (var _ = iMmapRwsem.shared()) {
      for (Vma vma : vmas) {
        if (vma.shared() && index >= vma.pgoff() && index < vma.pgoffEnd()) {
          Mmu mmu = vma.mm().mmu();
          mmu.writeProtect(vma, vma.addressOf(index), frame);
          unnoticed |= vma.writable() && mmu.isPopulated();
        }
      }
    }
    return unnoticed;
  }

  /** {@code i_mmap_lock_read}: mappings stay, and nobody unmaps pages. */
  public HeldLock hold() {
    return iMmapRwsem.shared();
  }

  /**
   * Returns the number of page table entries that show the file from an index on; for
   * postconditions.
   */
  public long mappedFrom(long firstIndex) {
    long mapped = 0;
    try (var _ = iMmapRwsem.shared()) {
      for (Vma vma : vmas) {
        long first = Math.max(firstIndex, vma.pgoff());
        if (first < vma.pgoffEnd()) {
          mapped += vma.mm().mmu().present(vma.addressOf(first), vma.end());
        }
      }
    }
    return mapped;
  }
}
