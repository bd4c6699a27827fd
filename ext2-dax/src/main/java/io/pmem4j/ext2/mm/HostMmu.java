// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.pmem.PageWindow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The processor's page table in the place of the simulated one: what the simulated table shows of
 * one mapping, a window of real addresses shows too. Decisions stay where they are, in fault
 * handlers and truncation.
 *
 * <p>Three things differ, because an access of Java cannot fault here. Pages are shown before
 * somebody asks ({@link #isPopulated}). A page that may be stored to stays so when it is written
 * back, and counts as dirty from then on. What is zapped for another reason than truncation stays
 * shown until its successor is: its block is still the file's, or it was a hole.
 *
 * <p>Its monitor is taken before the page table's.
 */
final class HostMmu implements Mmu {
  private final PageTable table;

  /**
   * Pages of the mapping that the table shows. It grows with what the file has, not with the length
   * of the mapping, which may be far longer.
   */
  private final BitSet present = new BitSet();

  private @Nullable Vma vma;
  private @Nullable PageWindow window;
  private Runnable populate = () -> {};

  HostMmu(PageTable table) {
    this.table = table;
  }

  /** The one mapping; {@code populate} is called when there may be something new to show. */
  synchronized void mapped(Vma mapping, Runnable populateAgain) {
    vma = mapping;
    populate = populateAgain;
  }

  /** From now on the window shows what the table shows. */
  synchronized void attach(PageWindow shown) {
    window = shown;
    Vma mapping = mapping();
    mirror(mapping.start(), endOfPresent(mapping));
  }

  /** First address from which on the table shows nothing of the mapping. */
  private long endOfPresent(Vma mapping) {
    return mapping.start() + (long) present.length() * PAGE_BYTES;
  }

  private Vma mapping() {
    Vma mapping = vma;
    if (mapping == null) {
      throw new IllegalStateException("nothing is mapped");
    }
    return mapping;
  }

  /** The next page from one on that the table does not show; negative if there is none. */
  synchronized int nextMissing(int page) {
    Vma mapping = mapping();
    int next = present.nextClearBit(page);
    return next < pages(mapping.start(), mapping.end()) ? next : -1;
  }

  /**
   * Returns the place of the first page in the file system, in bytes, if all pages lay as the first
   * 2 MiB that lie in one piece do.
   */
  synchronized long congruentTo() {
    Vma mapping = mapping();
    int run = 0;
    long next = -1;
    long end = endOfPresent(mapping);
    for (long at = mapping.start(); at < end; at += PAGE_BYTES) {
      PagemapEntry entry = table.entry(at);
      boolean block = entry.kind() == PagemapEntry.Kind.BLOCK;
      run = !block ? 0 : entry.block() == next ? run + 1 : 1;
      next = entry.block() + 1;
      if (run == HUGE_PAGES) {
        return next * PAGE_BYTES - (at + PAGE_BYTES - mapping.start());
      }
    }
    return 0;
  }

  private static int pages(long first, long end) {
    return Math.toIntExact((end - first) / PAGE_BYTES);
  }

  /** Shows in the window what the table shows of a range, runs of neighbours at once. */
  private void mirror(long first, long end) {
    Vma mapping = mapping();
    long from = Math.max(first, mapping.start());
    long to = Math.min(end, mapping.end());
    long at = from;
    while (at < to) {
      PagemapEntry entry = table.entry(at);
      long next = at + PAGE_BYTES;
      while (next < to && continues(entry, table.entry(next), (next - at) / PAGE_BYTES)) {
        next += PAGE_BYTES;
      }
      if (entry.kind() != PagemapEntry.Kind.NONE) {
        show(mapping, entry, at, next);
        present.set(pages(mapping.start(), at), pages(mapping.start(), next));
      }
      at = next;
    }
  }

  private static boolean continues(PagemapEntry first, PagemapEntry later, long distance) {
    return first.kind() == later.kind()
        && (first.kind() != PagemapEntry.Kind.BLOCK || later.block() == first.block() + distance);
  }

  private void show(Vma mapping, PagemapEntry entry, long at, long end) {
    PageWindow shown = window;
    if (shown == null) {
      return;
    }
    long place = at - mapping.start();
    try {
      if (entry.kind() == PagemapEntry.Kind.BLOCK) {
        shown.show(place, entry.block() * PAGE_BYTES, end - at);
      } else {
        shown.zeros(place, end - at);
      }
    } catch (IOException noRoom) {
      // Rather nothing than what is not so.
      shown.revoke(place, end - at);
      table.zap(mapping, at, end, true);
      throw new UncheckedIOException(noRoom);
    }
  }

  @Override
  public synchronized void insertFrame(Vma of, long address, long frame, boolean mkwrite) {
    table.insertFrame(of, address, frame, mkwrite);
    mirror(address & -PAGE_BYTES, (address & -PAGE_BYTES) + PAGE_BYTES);
  }

  @Override
  public synchronized void insertHuge(Vma of, long address, long firstFrame, boolean write) {
    table.insertHuge(of, address, firstFrame, write);
    mirror(address & -HUGE_BYTES, (address & -HUGE_BYTES) + HUGE_BYTES);
  }

  @Override
  public synchronized void insertZero(Vma of, long address) {
    table.insertZero(of, address);
    mirror(address & -PAGE_BYTES, (address & -PAGE_BYTES) + PAGE_BYTES);
  }

  @Override
  public void insertAnonymous(Vma of, long address, byte[] page) {
    throw new IllegalStateException("private copies are made by the processor here");
  }

  @Override
  public synchronized void splitHuge(long address) {
    table.splitHuge(address);
    findMissing(address & -HUGE_BYTES, (address & -HUGE_BYTES) + HUGE_BYTES);
  }

  @Override
  public synchronized void zap(Vma of, long firstAddress, long endAddress, boolean evenCows) {
    table.zap(of, firstAddress, endAddress, evenCows);
    PageWindow shown = window;
    if (evenCows && shown != null) {
      shown.revoke(firstAddress - mapping().start(), endAddress - firstAddress);
    }
    if (!of.shared()) {
      // What was stored here is nobody else's, and stays until truncation takes it.
      if (evenCows) {
        findMissing(firstAddress, endAddress);
      }
      return;
    }
    // A huge entry is gone as a whole.
    findMissing(firstAddress & -HUGE_BYTES, (endAddress + HUGE_BYTES - 1) & -HUGE_BYTES);
  }

  private void findMissing(long first, long end) {
    Vma mapping = vma;
    if (mapping == null) {
      return; // truncated before the first fault
    }
    int from = pages(mapping.start(), Math.max(first, mapping.start()));
    long to = Math.min(end, endOfPresent(mapping));
    for (int page = present.nextSetBit(from); page >= 0; page = present.nextSetBit(page + 1)) {
      long at = mapping.start() + (long) page * PAGE_BYTES;
      if (at >= to) {
        break;
      }
      if (table.entry(at).kind() == PagemapEntry.Kind.NONE) {
        present.clear(page);
      }
    }
  }

  /** Nothing where stores are allowed: the next one could not be noticed. */
  @Override
  public void writeProtect(Vma of, long address, long frame) {
    if (!of.writable()) {
      table.writeProtect(of, address, frame);
    }
  }

  /** Pages of the page cache have no place in the image that the window could show. */
  @Override
  public void insertPage(Vma of, long address, byte[] page, long number, boolean write) {
    throw new UnsupportedOperationException("a window of a file with a page cache");
  }

  @Override
  public boolean isPopulated() {
    return true;
  }

  @Override
  public void populate() {
    Runnable again;
    synchronized (this) {
      again = populate;
    }
    again.run();
  }

  @Override
  public Region region(long address) {
    return table.region(address);
  }

  @Override
  public long present(long firstAddress, long endAddress) {
    return table.present(firstAddress, endAddress);
  }

  @Override
  public PagemapEntry entry(long address) {
    return table.entry(address);
  }
}
