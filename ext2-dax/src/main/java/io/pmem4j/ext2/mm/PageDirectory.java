// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The upper level of a page table: a PMD for each 2 MiB of addresses, absent for {@link
 * Mmu.Region#EMPTY}. Guarded by the page table lock.
 */
final class PageDirectory {
  private final NavigableMap<Long, Pmd> pmds = new TreeMap<>();

  /** Returns the number of the page of an address. */
  static long page(long address) {
    return Math.floorDiv(address, (long) Mmu.PAGE_BYTES);
  }

  private static long number(long address) {
    return Math.floorDiv(address, Mmu.HUGE_BYTES);
  }

  @Nullable Pmd get(long address) {
    return pmds.get(number(address));
  }

  void put(long address, Pmd pmd) {
    pmds.put(number(address), pmd);
  }

  void remove(long address) {
    pmds.remove(number(address));
  }

  /** Returns the entry of an address; a huge one as that of the single page. */
  @Nullable Pte find(long address) {
    Pmd pmd = get(address);
    if (pmd == null) {
      return null;
    }
    Pte huge = pmd.huge;
    return huge != null
        ? huge.single(Math.floorMod(page(address), Mmu.HUGE_PAGES))
        : pmd.table.get(page(address));
  }

  /** Returns the table for an address, and makes it if there is no PMD. */
  Map<Long, Pte> table(long address) {
    Pmd pmd = pmds.computeIfAbsent(number(address), _ -> new Pmd());
    if (pmd.huge != null) {
      throw new IllegalStateException("a single entry under a huge one");
    }
    return pmd.table;
  }

  /** Returns a view of the PMDs of a range, by the number of their 2 MiB. */
  NavigableMap<Long, Pmd> reached(long firstAddress, long endAddress) {
    return pmds.subMap(number(firstAddress), true, number(endAddress - 1), true);
  }
}
