// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.mm.PagemapEntry.Kind;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The simulated page table of one address space. Its monitor is the page table lock; nothing is
 * waited for under it. Loads and stores of users happen under it as well, so a zap that returned is
 * a zap that no access outlives.
 */
final class PageTable implements Mmu {
  private static final byte[] ZEROS = new byte[PAGE_BYTES];

  private final Map<Long, Pte> entries = new HashMap<>();

  /**
   * One entry. Frames and zero page carry the memory they are read from.
   *
   * @param anonymous the private page, only for {@link Kind#ANONYMOUS}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  private record Pte(
      Kind kind,
      @Nullable PersistentMemory memory,
      long frame,
      byte[] anonymous,
      boolean writable) {

    static Pte frame(PersistentMemory memory, long frame, boolean writable) {
      return new Pte(Kind.BLOCK, memory, frame, ZEROS, writable);
    }

    Pte withWritable(boolean now) {
      return new Pte(kind, memory, frame, anonymous, now);
    }
  }

  private static long page(long address) {
    return Math.floorDiv(address, (long) PAGE_BYTES);
  }

  @Override
  public synchronized void insertFrame(Vma vma, long address, long frame, boolean mkwrite) {
    Pte old = entries.get(page(address));
    if (old == null) {
      boolean writable = mkwrite && vma.writable();
      entries.put(page(address), Pte.frame(vma.file().memory(), frame, writable));
    } else if (mkwrite && old.kind() == Kind.BLOCK && old.frame() == frame) {
      entries.put(page(address), old.withWritable(vma.writable()));
    }
  }

  @Override
  public synchronized void insertZero(Vma vma, long address) {
    entries.putIfAbsent(page(address), new Pte(Kind.ZERO_PAGE, null, 0, ZEROS, false));
  }

  @Override
  public synchronized void insertAnonymous(Vma vma, long address, byte[] page) {
    entries.put(page(address), new Pte(Kind.ANONYMOUS, null, 0, page, vma.writable()));
  }

  @Override
  public synchronized void zap(Vma vma, long firstAddress, long endAddress, boolean evenCows) {
    long first = page(Math.max(firstAddress, vma.start()));
    long end = page(Math.min(endAddress, vma.end()) + PAGE_BYTES - 1);
    entries
        .entrySet()
        .removeIf(entry ->
            entry.getKey() >= first
                && entry.getKey() < end
                && (evenCows || entry.getValue().kind() != Kind.ANONYMOUS));
  }

  @Override
  public synchronized void writeProtect(Vma vma, long address, long frame) {
    Pte pte = entries.get(page(address));
    if (pte != null && pte.kind() == Kind.BLOCK && pte.frame() == frame && pte.writable()) {
      entries.put(page(address), pte.withWritable(false));
    }
  }

  @Override
  public synchronized long present(long firstAddress, long endAddress) {
    return entries.keySet().stream()
        .filter(page -> page >= page(firstAddress) && page < page(endAddress))
        .count();
  }

  @Override
  public synchronized PagemapEntry entry(long address) {
    Pte pte = entries.get(page(address));
    return pte == null
        ? new PagemapEntry(Kind.NONE, 0, false)
        : new PagemapEntry(pte.kind(), pte.frame(), pte.writable());
  }

  /**
   * {@code wp_page_copy}: replaces a read-only entry by a private copy of what it shows; nothing if
   * the entry went away or became writable meanwhile.
   */
  synchronized void copyOnWrite(Vma vma, long address) {
    Pte pte = entries.get(page(address));
    if (pte != null && !pte.writable()) {
      byte[] copy = new byte[PAGE_BYTES];
      read(pte, 0, copy, 0, PAGE_BYTES);
      insertAnonymous(vma, address, copy);
    }
  }

  /** Loads within one page; false if there is no entry, and the access faults. */
  synchronized boolean tryLoad(long address, byte[] target, int at, int length) {
    Pte pte = entries.get(page(address));
    if (pte == null) {
      return false;
    }
    read(pte, (int) Math.floorMod(address, (long) PAGE_BYTES), target, at, length);
    return true;
  }

  /** Stores within one page; false if there is no writable entry, and the access faults. */
  synchronized boolean tryStore(long address, byte[] source, int at, int length) {
    Pte pte = entries.get(page(address));
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
