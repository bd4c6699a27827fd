// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import static io.pmem4j.ext2.mm.PageDirectory.page;

import io.pmem4j.ext2.mm.PagemapEntry.Kind;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The simulated page table of one address space, two levels deep: a PMD for each 2 MiB, which is
 * empty, one huge entry, or a table of entries for single pages. Its monitor is the page table
 * lock; nothing is waited for under it. Loads and stores of users happen under it as well, so a zap
 * that returned is a zap that no access outlives.
 */
final class PageTable implements Mmu {
  private final SharedState entries;

  private final ZeroPage zeros;

  /** Guarded by this. */
  private final PageDirectory pmds = new PageDirectory();

  /** An empty table; its entries are shared by faults, truncation and writeback. */
  PageTable(Scheduler scheduler, ZeroPage zeros) {
    this.zeros = zeros;
    this.entries = new SharedState(scheduler, StateKind.PAGE_TABLE);
  }

  private static int inPage(long address) {
    return (int) Math.floorMod(address, (long) PAGE_BYTES);
  }

  /** Reports the entry that an access met. */
  private void met(@Nullable Pte pte, boolean allowed) {
    if (pte == null) {
      entries.observed(Observation.NO_PTE);
    } else {
      entries.observed(pte.observation(allowed), pte.frame());
    }
  }

  @Override
  public void insertFrame(Vma vma, long address, long frame, boolean mkwrite) {
    entries.store();
    entries.observed(Observation.MAPS_BLOCK, vma.pgoffAt(address), frame);
    synchronized (this) {
      Map<Long, Pte> table = pmds.table(address);
      Pte old = table.get(page(address));
      if (old == null) {
        boolean writable = mkwrite && vma.writable();
        table.put(page(address), Pte.frame(vma, frame, writable, false));
      } else if (mkwrite && old.kind() == Kind.BLOCK && old.frame() == frame) {
        table.put(page(address), old.stored(vma));
      }
    }
  }

  @Override
  public void insertHuge(Vma vma, long address, long firstFrame, boolean write) {
    entries.store();
    entries.observed(Observation.MAPS_HUGE, vma.pgoffAt(address), firstFrame);
    synchronized (this) {
      Pmd pmd = pmds.get(address);
      if (pmd == null) {
        pmd = new Pmd();
        pmd.huge = Pte.frame(vma, firstFrame, write && vma.writable(), true);
        pmds.put(address, pmd);
      } else if (pmd.huge != null && write && pmd.huge.frame() == firstFrame) {
        pmd.huge = pmd.huge.stored(vma);
      }
    }
  }

  @Override
  public Region region(long address) {
    entries.load();
    synchronized (this) {
      Pmd pmd = pmds.get(address);
      return pmd == null ? Region.EMPTY : pmd.huge != null ? Region.HUGE : Region.TABLE;
    }
  }

  @Override
  public void splitHuge(long address) {
    entries.store();
    synchronized (this) {
      Pmd pmd = pmds.get(address);
      if (pmd != null && pmd.huge != null) {
        pmds.remove(address);
      }
    }
  }

  @Override
  public void insertZero(Vma vma, long address) {
    entries.store();
    entries.observed(Observation.MAPS_ZERO_PAGE, vma.pgoffAt(address));
    synchronized (this) {
      pmds.table(address).putIfAbsent(page(address), Pte.zeroPage(zeros));
    }
  }

  @Override
  public void insertPage(Vma vma, long address, byte[] page, long number, boolean write) {
    entries.store();
    entries.observed(Observation.MAPS_PAGE, vma.pgoffAt(address));
    synchronized (this) {
      pmds.table(address)
          .putIfAbsent(page(address), Pte.page(page, number, write && vma.writable()));
    }
  }

  @Override
  public void insertAnonymous(Vma vma, long address, byte[] page) {
    entries.store();
    entries.observed(Observation.MAPS_COPY, vma.pgoffAt(address));
    synchronized (this) {
      pmds.table(address).put(page(address), Pte.anonymous(page, vma.writable()));
    }
  }

  @Override
  public void zap(Vma vma, long firstAddress, long endAddress, boolean evenCows) {
    entries.store();
    synchronized (this) {
      long first = page(Math.max(firstAddress, vma.start()));
      long end = page(Math.min(endAddress, vma.end()) + PAGE_BYTES - 1);
      long toPgoff = vma.pgoff() - page(vma.start());
      entries.observed(Observation.UNMAPS, first + toPgoff, end + toPgoff);
      if (first >= end) {
        return;
      }
      var reached = pmds.reached(first * PAGE_BYTES, end * PAGE_BYTES);
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
      pmds.reached(vma.start(), vma.end())
          .keySet()
          .removeIf(pmd -> pmd * HUGE_BYTES >= floor && (pmd + 1) * HUGE_BYTES <= ceiling);
    }
  }

  @Override
  public void writeProtect(Vma vma, long address, long frame) {
    entries.store();
    entries.observed(Observation.WRITE_PROTECTS, vma.pgoffAt(address), frame);
    synchronized (this) {
      Pmd pmd = pmds.get(address);
      if (pmd == null) {
        return;
      }
      Pte pte = pmd.huge != null ? pmd.huge : pmd.table.get(page(address));
      boolean ofFile = pte != null && (pte.kind() == Kind.BLOCK || pte.kind() == Kind.PAGE);
      if (pte == null || !ofFile || pte.frame() != frame) {
        return;
      }
      if (pte.huge()) {
        pmd.huge = pte.clean();
      } else {
        pmd.table.put(page(address), pte.clean());
      }
    }
  }

  /** {@code change_protection}: the entries of a mapping follow what it allows now. */
  void protect(Vma vma) {
    entries.store();
    synchronized (this) {
      rewrite(vma, pte -> pte.under(vma));
    }
  }

  /** Replaces every entry of a mapping; huge ones lie in it whole. */
  private void rewrite(Vma vma, UnaryOperator<Pte> change) {
    for (Pmd pmd : pmds.reached(vma.start(), vma.end()).values()) {
      Pte huge = pmd.huge;
      if (huge != null) {
        pmd.huge = change.apply(huge);
      }
      pmd.table.replaceAll((page, pte) -> lies(vma, page) ? change.apply(pte) : pte);
    }
  }

  private static boolean lies(Vma vma, long page) {
    return page >= page(vma.start()) && page < page(vma.end());
  }

  /**
   * {@code move_page_tables}: the entries of one mapping are those of another now, which has none
   * yet. A huge entry that would not be aligned any more is lost, and comes back fault by fault.
   *
   * @param bytes how many from the beginning of both
   */
  void move(Vma from, Vma to, long bytes) {
    entries.store();
    synchronized (this) {
      long distance = to.start() - from.start();
      Vma moving = from.piece(from.start(), from.start() + bytes, from.flags());
      var reached = new TreeMap<>(pmds.reached(moving.start(), moving.end()));
      reached.forEach((number, pmd) -> {
        if (pmd.huge != null) {
          pmds.remove(number * HUGE_BYTES);
          if (distance % HUGE_BYTES == 0) {
            pmds.put(number * HUGE_BYTES + distance, pmd);
          }
          return;
        }
        Map<Long, Pte> there = new HashMap<>(pmd.table);
        there.keySet().removeIf(page -> !lies(moving, page));
        pmd.table.keySet().removeAll(there.keySet());
        there.forEach((page, pte) ->
            pmds.table((page * PAGE_BYTES) + distance).put(page + distance / PAGE_BYTES, pte));
      });
    }
  }

  /**
   * {@code copy_page_range}: a child's entries for a mapping that has private copies. Copies become
   * shared by both and read-only for both, so that whoever stores first makes one more. Huge
   * entries are left for faults to bring back.
   */
  void copyTo(PageTable child, Vma vma) {
    entries.store();
    synchronized (this) {
      synchronized (child) {
        for (Map.Entry<Long, Pmd> each : pmds.reached(vma.start(), vma.end()).entrySet()) {
          if (each.getValue().huge == null) {
            child.pmds.table(each.getKey() * HUGE_BYTES);
          }
        }
        rewrite(vma, pte -> pte.huge() ? pte : pte.readOnly());
        putInto(child, vma);
      }
    }
  }

  /** Both page table locks are held. */
  private void putInto(PageTable child, Vma vma) {
    for (Pmd pmd : pmds.reached(vma.start(), vma.end()).values()) {
      pmd.table.forEach((page, pte) -> {
        if (lies(vma, page)) {
          child.pmds.table(page * PAGE_BYTES).put(page, pte);
        }
      });
    }
  }

  @Override
  public long present(long firstAddress, long endAddress) {
    entries.load();
    synchronized (this) {
      long present = 0;
      for (Pmd pmd : pmds.reached(firstAddress, endAddress).values()) {
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
      Pte pte = pmds.find(address);
      met(pte, true);
      return pte == null
          ? new PagemapEntry(Kind.NONE, 0, false, false)
          : new PagemapEntry(pte.kind(), pte.frame(), pte.writable(), pte.huge());
    }
  }

  /**
   * {@code finish_mkwrite_fault}: makes the entry writable if it is still what the fault found;
   * else the access faults again.
   *
   * @return whether it was
   */
  boolean finishMkwrite(Vma vma, long address, PagemapEntry before) {
    entries.store();
    synchronized (this) {
      Pte pte = pmds.find(address);
      if (pte == null
          || pte.huge()
          || pte.kind() != before.kind()
          || pte.frame() != before.block()
          || pte.writable()) {
        entries.observed(Observation.PTE_CHANGED);
        return false;
      }
      entries.observed(Observation.MAKES_WRITABLE, vma.pgoffAt(address));
      pmds.table(address).put(page(address), pte.stored(vma));
      return true;
    }
  }

  /**
   * {@code wp_page_copy}: replaces a read-only entry by a private copy of what it shows; nothing if
   * the entry went away or became writable meanwhile.
   */
  void copyOnWrite(Vma vma, long address) {
    entries.store();
    synchronized (this) {
      Pte pte = pmds.find(address);
      if (pte != null && !pte.writable() && !pte.huge()) {
        byte[] copy = new byte[PAGE_BYTES];
        pte.read(0, copy, 0, PAGE_BYTES);
        pmds.table(address).put(page(address), Pte.anonymous(copy, vma.writable()));
      }
    }
  }

  /** Loads within one page; false if there is no entry that allows it, and the access faults. */
  boolean tryLoad(long address, byte[] target, int at, int length) {
    entries.load();
    synchronized (this) {
      Pte pte = pmds.find(address);
      met(pte, pte != null && pte.accessible());
      if (pte == null || !pte.accessible()) {
        return false;
      }
      pte.read(inPage(address), target, at, length);
      return true;
    }
  }

  /** Stores within one page; false if there is no writable entry, and the access faults. */
  boolean tryStore(long address, byte[] source, int at, int length) {
    entries.store();
    synchronized (this) {
      Pte pte = pmds.find(address);
      met(pte, pte != null && pte.writable());
      if (pte == null || !pte.writable()) {
        return false;
      }
      pte.write(inPage(address), source, at, length);
      return true;
    }
  }

  /**
   * {@code follow_page_pte}: the entry an access would go through, its frame counted as held by a
   * device before anybody can take the entry away; null if the access would fault.
   */
  @Nullable Pte followPage(long address, boolean write, PinnedFrames pins) {
    entries.load();
    synchronized (this) {
      Pte pte = pmds.find(address);
      if (pte == null || !pte.accessible() || (write && !pte.writable())) {
        return null;
      }
      if (pte.kind() == Kind.BLOCK) {
        pins.pin(pte.frame());
      }
      return pte;
    }
  }
}
