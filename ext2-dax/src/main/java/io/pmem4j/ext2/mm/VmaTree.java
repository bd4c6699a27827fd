// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Ext2Exception;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The mappings of an address space in the order of their addresses: {@code mm->mm_rb}. Not
 * thread-safe: {@code mmap_lock} guards it, shared for looking, exclusive for changing.
 *
 * <p>Every mapping in it keeps its file open, and is known to its file's {@link MappingTree}.
 */
final class VmaTree {
  private final PageTable pageTable;
  private final TreeMap<Long, Vma> vmas = new TreeMap<>();

  /**
   * The address of the first mapping, where Linux puts mappings too, far from all small numbers.
   */
  private long next = 0x7f00_0000_0000L;

  VmaTree(PageTable pageTable) {
    this.pageTable = pageTable;
  }

  /** The mapping that an address lies in. */
  @Nullable Vma at(long address) {
    Map.Entry<Long, Vma> below = vmas.floorEntry(address);
    return below == null || address >= below.getValue().end() ? null : below.getValue();
  }

  /** {@code find_vma}: the mapping that an address lies in, or the next one. */
  @Nullable Vma from(long address) {
    Vma here = at(address);
    Map.Entry<Long, Vma> next = vmas.higherEntry(address);
    return here != null ? here : next == null ? null : next.getValue();
  }

  /** The mappings that reach into a range, in order. */
  List<Vma> in(long first, long end) {
    List<Vma> reached = new ArrayList<>();
    Vma here = at(first);
    if (here != null) {
      reached.add(here);
    }
    reached.addAll(vmas.subMap(first, false, Math.max(first, end), false).values());
    return reached;
  }

  List<Vma> all() {
    return List.copyOf(vmas.values());
  }

  /** A free address that is a multiple of a power of two. */
  long place(long align) {
    return (next + align - 1) & -align;
  }

  /** A free address at the same place in its 2 MiB, so that huge entries can move. */
  long placeLike(long address) {
    long inHuge = Math.floorMod(address, Mmu.HUGE_BYTES);
    return place(Mmu.HUGE_BYTES) + inHuge;
  }

  /**
   * Nothing will come there. A page between mappings stays free, so that running off an end is
   * always a signal.
   */
  void taken(long end) {
    next = Math.max(next, end + Mmu.PAGE_BYTES);
  }

  /** A child's mappings go where the parent's would. */
  void placeAs(VmaTree parent) {
    next = parent.next;
  }

  /** Adds a mapping whose file is open for it already. */
  void insert(Vma vma) {
    taken(vma.end());
    vmas.put(vma.start(), vma);
    vma.file().mappings().insert(vma);
  }

  /** As {@link #insert}, and moves entries from another mapping of the file in the same breath. */
  void insertBehind(Vma from, Vma vma, Runnable entries) {
    taken(vma.end());
    vmas.put(vma.start(), vma);
    vma.file().mappings().move(from, vma, entries);
  }

  /** {@code vma_adjust}: one mapping becomes several, or takes other bounds or flags. */
  private void replace(Vma old, Vma... now) throws Ext2Exception {
    for (int i = 1; i < now.length; i++) {
      old.file().mappedAgain();
    }
    old.file().mappings().replace(List.of(old), List.of(now));
    vmas.remove(old.start());
    for (Vma each : now) {
      vmas.put(each.start(), each);
    }
  }

  /** {@code split_vma}, if a mapping lies around the address. */
  private void splitAt(long address) throws Ext2Exception {
    Vma vma = at(address);
    if (vma == null || vma.start() == address) {
      return;
    }
    if (address % Mmu.HUGE_BYTES != 0) {
      pageTable.splitHuge(address);
    }
    replace(
        vma,
        vma.piece(vma.start(), address, vma.flags()),
        vma.piece(address, vma.end(), vma.flags()));
  }

  /**
   * Gives the part of a mapping that lies in a range other flags; it becomes a mapping of its own
   * unless it fits to a neighbour.
   *
   * @return the mapping now
   */
  Vma change(Vma vma, long first, long end, VmaFlags flags) throws Ext2Exception {
    long from = Math.max(first, vma.start());
    long to = Math.min(end, vma.end());
    splitAt(from);
    splitAt(to);
    Vma part = mapped(from);
    Vma changed = part.piece(from, to, flags);
    replace(part, changed);
    return merged(changed);
  }

  private Vma mapped(long address) {
    Vma vma = at(address);
    if (vma == null) {
      throw new IllegalStateException("no mapping at 0x" + Long.toHexString(address));
    }
    return vma;
  }

  /** {@code vma_merge} with both neighbours. */
  private Vma merged(Vma vma) throws Ext2Exception {
    Vma low = neighbour(vmas.lowerEntry(vma.start()), vma);
    Vma high = neighbour(vmas.higherEntry(vma.start()), vma);
    if (low == null) {
      return high == null ? vma : join(vma, high);
    }
    Vma joined = join(low, vma);
    return high != null && AnonVma.join(low.anonVma(), high.anonVma())
        ? join(joined, high)
        : joined;
  }

  /** {@code can_vma_merge_after} or {@code can_vma_merge_before}; null if the two stay apart. */
  private static @Nullable Vma neighbour(Map.@Nullable Entry<Long, Vma> beside, Vma vma) {
    if (beside == null) {
      return null;
    }
    Vma other = beside.getValue();
    return (other.isContinuedBy(vma) || vma.isContinuedBy(other))
            && AnonVma.joins(vma.anonVma(), other.anonVma())
        ? other
        : null;
  }

  private Vma join(Vma low, Vma high) throws Ext2Exception {
    Vma joined = low.joinedWith(high);
    low.file().mappings().replace(List.of(low, high), List.of(joined));
    vmas.remove(high.start());
    vmas.put(joined.start(), joined);
    // Not the last reference: the other one stays.
    high.file().unmapped();
    return joined;
  }

  /**
   * {@code anon_vma_prepare}: before a private copy is put in place. The anon_vma of a neighbour is
   * used again if it differs in protection alone, the upper one's first, so that the two can join.
   */
  void prepareCopies(Vma vma) {
    if (vma.hasCopies()) {
      return;
    }
    Map.Entry<Long, Vma> above = vmas.higherEntry(vma.start());
    Map.Entry<Long, Vma> below = vmas.lowerEntry(vma.start());
    AnonVma found = above == null ? null : reusable(above.getValue(), vma, above.getValue());
    if (found == null && below != null) {
      found = reusable(below.getValue(), below.getValue(), vma);
    }
    vma.prepare(found == null ? AnonVma.first() : found);
  }

  /** {@code reusable_anon_vma}: that of a mapping, if the lower of two could join the upper. */
  private static @Nullable AnonVma reusable(Vma from, Vma low, Vma high) {
    AnonVma theirs = from.anonVma();
    return theirs != null && theirs.singular() && low.isContinuedButForProtectionBy(high)
        ? theirs
        : null;
  }

  /** The mapping grows at its end. */
  Vma grow(Vma vma, long end) throws Ext2Exception {
    taken(end);
    Vma grown = vma.at(vma.start(), end);
    replace(vma, grown);
    return grown;
  }

  /**
   * {@code __do_munmap}: takes a range of addresses out, page table first, so that truncation finds
   * what is still mapped.
   *
   * @return the files to be let go of when {@code mmap_lock} is free again
   */
  List<Mappable> remove(long first, long end) throws Ext2Exception {
    List<Mappable> files = new ArrayList<>();
    splitAt(first);
    splitAt(end);
    for (Vma vma : in(first, end)) {
      vmas.remove(vma.start());
      pageTable.zap(vma, vma.start(), vma.end(), true);
      Map.Entry<Long, Vma> below = vmas.lowerEntry(vma.start());
      pageTable.freeTables(
          vma, below == null ? 0 : below.getValue().end(), startOfNext(vma.start()));
      vma.file().mappings().remove(vma);
      files.add(vma.file());
    }
    return files;
  }

  /** Returns the first address of the next mapping. */
  long startOfNext(long address) {
    Long above = vmas.higherKey(address);
    return above == null ? Long.MAX_VALUE : above;
  }
}
