// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * mprotect, madvise and mremap on ranges of addresses. The caller holds {@code mmap_lock},
 * exclusively unless said otherwise.
 */
final class MappingChanges {
  private final VmaTree vmas;
  private final PageTable pageTable;

  MappingChanges(VmaTree vmas, PageTable pageTable) {
    this.vmas = vmas;
    this.pageTable = pageTable;
  }

  static Vma mapped(@Nullable Vma vma) throws Ext2Exception {
    if (vma == null) {
      throw new Ext2Exception(Errno.ENOMEM, "nothing is mapped there");
    }
    return vma;
  }

  /**
   * Returns for each page of a range whether the page table or the page cache has it: {@code
   * do_mincore}; shared is enough.
   */
  boolean[] present(long first, long end) throws Ext2Exception {
    long checked = first;
    while (checked < end) {
      checked = mapped(vmas.at(checked)).end();
    }
    boolean[] there = new boolean[(int) ((end - first) / Mmu.PAGE_BYTES)];
    for (int i = 0; i < there.length; i++) {
      long at = first + (long) i * Mmu.PAGE_BYTES;
      Vma here = mapped(vmas.at(at));
      there[i] =
          pageTable.present(at, Math.min(at + Mmu.PAGE_BYTES, here.end())) > 0
              || here.file().holdsPage(here.pgoffAt(at));
    }
    return there;
  }

  /** Changes the protection of a range of addresses: {@code do_mprotect_pkey}. */
  void protect(long first, long end, int prot) throws Ext2Exception {
    boolean writable = (prot & AddressSpace.PROT_WRITE) != 0;
    long at = first;
    while (at < end) {
      Vma here = mapped(vmas.at(at));
      if (writable && !here.flags().mayWrite()) {
        throw new Ext2Exception(
            Errno.EACCES, "mprotect of " + here + ": the file is open for reading only");
      }
      long to = Math.min(end, here.end());
      VmaFlags now = here.flags().withProtection(prot);
      if (!now.equals(here.flags())) {
        Vma changed = vmas.change(here, at, to, now);
        pageTable.protect(changed.piece(at, to, now));
      }
      at = to;
    }
  }

  /** {@code do_madvise}; shared is enough unless the advice changes mappings. */
  void advise(long first, long end, Advice advice) throws Ext2Exception {
    boolean holes = false;
    long at = first;
    for (Vma each : vmas.in(first, end)) {
      holes |= each.start() > at;
      at = each.end();
      advice.apply(vmas, pageTable, each, first, end);
    }
    if (holes || at < end) {
      throw new Ext2Exception(Errno.ENOMEM, "madvise where nothing is mapped");
    }
  }

  /**
   * {@code mremap} and {@code mremap_to} of a whole mapping. A part that goes because the mapping
   * shrinks is gone before anything else is checked, as in the kernel.
   *
   * @param bytes the new length, taken as unsigned, a multiple of {@link Mmu#PAGE_BYTES}
   * @param mustMove MREMAP_FIXED
   * @param released receives the files to release when {@code mmap_lock} is free again, also when
   *     this method throws
   * @return the mapping now
   * @throws Ext2Exception EFAULT if the mapping is gone or lies in pieces; ENOMEM without room
   */
  Vma remap(Vma vma, long bytes, boolean mayMove, boolean mustMove, List<Mappable> released)
      throws Ext2Exception {
    long old = vma.end() - vma.start();
    boolean shrinks = Long.compareUnsigned(bytes, old) <= 0;
    if (shrinks && bytes < old) {
      released.addAll(vmas.remove(vma.start() + bytes, vma.end()));
    }
    if (shrinks && !mustMove) {
      return vma.at(vma.start(), vma.start() + bytes);
    }
    Vma here = vmas.at(vma.start());
    if (here == null || here.end() < vma.start() + (shrinks ? bytes : old)) {
      throw new Ext2Exception(Errno.EFAULT, "mremap of " + vma + ", which is divided or gone");
    }
    boolean fits = Long.compareUnsigned(bytes, AddressSpace.TASK_SIZE - here.start()) <= 0;
    if (!mustMove && fits && vmas.startOfNext(here.start()) >= here.start() + bytes) {
      return vmas.grow(here, here.start() + bytes);
    }
    if (!mayMove || Long.compareUnsigned(bytes, AddressSpace.TASK_SIZE) > 0) {
      throw new Ext2Exception(Errno.ENOMEM, "no room for " + Long.toUnsignedString(bytes));
    }
    Vma moved = move(here, bytes);
    released.addAll(vmas.remove(here.start(), here.end()));
    return moved;
  }

  /** {@code move_vma} without the end of the old one. */
  private Vma move(Vma from, long bytes) throws Ext2Exception {
    long start = vmas.placeLike(from.start());
    Vma to = from.at(start, start + bytes);
    to.file().mappedAgain();
    long moved = Math.min(bytes, from.end() - from.start());
    vmas.insertBehind(from, to, () -> pageTable.move(from, to, moved));
    return to;
  }
}
