// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.mm.PagemapEntry.Kind;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.Shared;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The simulated page table of one address space, two levels deep: a PMD for each 2 MiB, which is
 * empty, one huge entry, or a table of entries for single pages. Its monitor is the page table
 * lock; nothing is waited for under it. Loads and stores of users happen under it as well, so a zap
 * that returned is a zap that no access outlives.
 */
final class PageTable implements Mmu {
  private static final byte[] ZEROS = new byte[PAGE_BYTES];

  private final Shared entries;

  /** By the number of the 2 MiB; absent for {@link Mmu.Region#EMPTY}. */
  private final NavigableMap<Long, Pmd> pmds = new TreeMap<>();

  /** An empty table; its entries are shared by faults, truncation and writeback. */
  PageTable(Scheduler scheduler) {
    this.entries = new Shared(scheduler, "page table");
  }

  /** What stands for 2 MiB: a huge entry or a table, never both. */
  private static final class Pmd {
    final Map<Long, Pte> table = new HashMap<>();
    @Nullable Pte huge;
  }

  /**
   * One entry. Frames and zero page carry the memory they are read from; a huge entry has its first
   * frame.
   *
   * @param anonymous the private page, only for {@link Kind#ANONYMOUS}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  private record Pte(
      Kind kind,
      @Nullable PersistentMemory memory,
      long frame,
      byte[] anonymous,
      boolean writable,
      boolean huge) {

    static Pte frame(PersistentMemory memory, long frame, boolean writable, boolean huge) {
      return new Pte(Kind.BLOCK, memory, frame, ZEROS, writable, huge);
    }

    Pte withWritable(boolean now) {
      return new Pte(kind, memory, frame, anonymous, now, huge);
    }
  }

  private static long page(long address) {
    return Math.floorDiv(address, (long) PAGE_BYTES);
  }

  private static long pmdOf(long address) {
    return Math.floorDiv(address, HUGE_BYTES);
  }

  /** The entry that shows an address; a huge one as that of its single page. */
  private @Nullable Pte find(long address) {
    Pmd pmd = pmds.get(pmdOf(address));
    if (pmd == null) {
      return null;
    }
    Pte huge = pmd.huge;
    if (huge != null) {
      long frame = huge.frame() + Math.floorMod(page(address), HUGE_PAGES);
      return new Pte(huge.kind(), huge.memory(), frame, ZEROS, huge.writable(), true);
    }
    return pmd.table.get(page(address));
  }

  /** The table for an address, made if there was nothing. */
  private Map<Long, Pte> table(long address) {
    Pmd pmd = pmds.computeIfAbsent(pmdOf(address), _ -> new Pmd());
    if (pmd.huge != null) {
      throw new IllegalStateException("a single entry under a huge one");
    }
    return pmd.table;
  }

  @Override
  public void insertFrame(Vma vma, long address, long frame, boolean mkwrite) {
    entries.store();
    synchronized (this) {
      Map<Long, Pte> table = table(address);
      Pte old = table.get(page(address));
      if (old == null) {
        boolean writable = mkwrite && vma.writable();
        table.put(page(address), Pte.frame(vma.file().memory(), frame, writable, false));
      } else if (mkwrite && old.kind() == Kind.BLOCK && old.frame() == frame) {
        table.put(page(address), old.withWritable(vma.writable()));
      }
    }
  }

  @Override
  public void insertHuge(Vma vma, long address, long firstFrame, boolean write) {
    entries.store();
    synchronized (this) {
      Pmd pmd = pmds.get(pmdOf(address));
      if (pmd == null) {
        pmd = new Pmd();
        pmd.huge = Pte.frame(vma.file().memory(), firstFrame, write && vma.writable(), true);
        pmds.put(pmdOf(address), pmd);
      } else if (pmd.huge != null && write && pmd.huge.frame() == firstFrame) {
        pmd.huge = pmd.huge.withWritable(vma.writable());
      }
    }
  }

  @Override
  public Region region(long address) {
    entries.load();
    synchronized (this) {
      Pmd pmd = pmds.get(pmdOf(address));
      return pmd == null ? Region.EMPTY : pmd.huge != null ? Region.HUGE : Region.TABLE;
    }
  }

  @Override
  public void splitHuge(long address) {
    entries.store();
    synchronized (this) {
      Pmd pmd = pmds.get(pmdOf(address));
      if (pmd != null && pmd.huge != null) {
        pmds.remove(pmdOf(address));
      }
    }
  }

  @Override
  public void insertZero(Vma vma, long address) {
    entries.store();
    synchronized (this) {
      table(address)
          .putIfAbsent(page(address), new Pte(Kind.ZERO_PAGE, null, 0, ZEROS, false, false));
    }
  }

  @Override
  public void insertAnonymous(Vma vma, long address, byte[] page) {
    entries.store();
    synchronized (this) {
      table(address)
          .put(page(address), new Pte(Kind.ANONYMOUS, null, 0, page, vma.writable(), false));
    }
  }

  @Override
  public void zap(Vma vma, long firstAddress, long endAddress, boolean evenCows) {
    entries.store();
    synchronized (this) {
      long first = page(Math.max(firstAddress, vma.start()));
      long end = page(Math.min(endAddress, vma.end()) + PAGE_BYTES - 1);
      if (first >= end) {
        return;
      }
      var reached = pmds.subMap(first / HUGE_PAGES, true, (end - 1) / HUGE_PAGES, true);
      // A huge entry of a file goes whole, and with it what stands for the 2 MiB.
      reached.values().removeIf(pmd -> pmd.huge != null);
      for (Pmd pmd : reached.values()) {
        pmd.table
            .entrySet()
            .removeIf(entry ->
                entry.getKey() >= first
                    && entry.getKey() < end
                    && (evenCows || entry.getValue().kind() != Kind.ANONYMOUS));
      }
    }
  }

  /**
   * {@code free_pgtables}: after a mapping has gone, so do the tables that no neighbour reaches.
   *
   * @param floor where the neighbour below ends
   * @param ceiling where the neighbour above begins
   */
  void freeTables(Vma vma, long floor, long ceiling) {
    entries.store();
    synchronized (this) {
      pmds.subMap(pmdOf(vma.start()), true, pmdOf(vma.end() - 1), true)
          .keySet()
          .removeIf(pmd -> pmd * HUGE_BYTES >= floor && (pmd + 1) * HUGE_BYTES <= ceiling);
    }
  }

  @Override
  public void writeProtect(Vma vma, long address, long frame) {
    entries.store();
    synchronized (this) {
      Pmd pmd = pmds.get(pmdOf(address));
      if (pmd == null) {
        return;
      }
      Pte pte = pmd.huge != null ? pmd.huge : pmd.table.get(page(address));
      if (pte == null || pte.kind() != Kind.BLOCK || pte.frame() != frame || !pte.writable()) {
        return;
      }
      if (pte.huge()) {
        pmd.huge = pte.withWritable(false);
      } else {
        pmd.table.put(page(address), pte.withWritable(false));
      }
    }
  }

  @Override
  public long present(long firstAddress, long endAddress) {
    entries.load();
    synchronized (this) {
      long present = 0;
      for (Pmd pmd : pmds.subMap(pmdOf(firstAddress), true, pmdOf(endAddress - 1), true).values()) {
        present += pmd.huge != null ? 1 : 0;
        present +=
            pmd.table.keySet().stream()
                .filter(page -> page >= page(firstAddress) && page < page(endAddress))
                .count();
      }
      return present;
    }
  }

  @Override
  public PagemapEntry entry(long address) {
    entries.load();
    synchronized (this) {
      Pte pte = find(address);
      return pte == null
          ? new PagemapEntry(Kind.NONE, 0, false, false)
          : new PagemapEntry(pte.kind(), pte.frame(), pte.writable(), pte.huge());
    }
  }

  /**
   * {@code finish_mkwrite_fault}: makes the entry writable if it is still what the fault found;
   * else the access faults again.
   */
  void reuse(Vma vma, long address, PagemapEntry before) {
    entries.store();
    synchronized (this) {
      Pte pte = find(address);
      if (pte != null
          && !pte.huge()
          && pte.kind() == before.kind()
          && pte.frame() == before.block()
          && !pte.writable()) {
        table(address).put(page(address), pte.withWritable(vma.writable()));
      }
    }
  }

  /**
   * {@code wp_page_copy}: replaces a read-only entry by a private copy of what it shows; nothing if
   * the entry went away or became writable meanwhile.
   */
  void copyOnWrite(Vma vma, long address) {
    entries.store();
    synchronized (this) {
      Pte pte = find(address);
      if (pte != null && !pte.writable() && !pte.huge()) {
        byte[] copy = new byte[PAGE_BYTES];
        read(pte, 0, copy, 0, PAGE_BYTES);
        table(address)
            .put(page(address), new Pte(Kind.ANONYMOUS, null, 0, copy, vma.writable(), false));
      }
    }
  }

  /** Loads within one page; false if there is no entry, and the access faults. */
  boolean tryLoad(long address, byte[] target, int at, int length) {
    entries.load();
    synchronized (this) {
      Pte pte = find(address);
      if (pte == null) {
        return false;
      }
      read(pte, (int) Math.floorMod(address, (long) PAGE_BYTES), target, at, length);
      return true;
    }
  }

  /** Stores within one page; false if there is no writable entry, and the access faults. */
  boolean tryStore(long address, byte[] source, int at, int length) {
    entries.store();
    synchronized (this) {
      Pte pte = find(address);
      if (pte == null || !pte.writable()) {
        return false;
      }
      int inPage = (int) Math.floorMod(address, (long) PAGE_BYTES);
      if (pte.memory() != null) {
        pte.memory().copy(pte.frame() * PAGE_BYTES + inPage, source, at, length);
      } else {
        System.arraycopy(source, at, pte.anonymous(), inPage, length);
      }
      return true;
    }
  }

  private static void read(Pte pte, int inPage, byte[] target, int at, int length) {
    if (pte.memory() != null) {
      MemorySegment.copy(
          pte.memory().segment(),
          ValueLayout.JAVA_BYTE,
          pte.frame() * PAGE_BYTES + inPage,
          target,
          at,
          length);
    } else {
      System.arraycopy(pte.anonymous(), inPage, target, at, length);
    }
  }
}
