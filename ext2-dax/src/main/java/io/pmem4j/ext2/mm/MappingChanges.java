// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.ArrayList;
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

  /** {@code do_mprotect_pkey}. */
  void protect(long first, long end, int prot) throws Ext2Exception {
    boolean writable = (prot & AddressSpace.PROT_WRITE) != 0;
    long at = first;
    while (at < end) {
      Vma here = mapped(vmas.at(at));
      if (writable && here.shared() && !here.file().writable()) {
        throw new Ext2Exception(Errno.EACCES, "mprotect of a file that is open for reading");
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
   * What a mremap left behind.
   *
   * @param vma the mapping now
   * @param released files to be let go of when {@code mmap_lock} is free again
   */
  record Remapped(Vma vma, List<Mappable> released) {}

  /** {@code mremap} from a whole mapping to so many bytes. */
  Remapped remap(Vma vma, long bytes, boolean mayMove, boolean mustMove) throws Ext2Exception {
    long old = vma.end() - vma.start();
    if (bytes <= old && !mustMove) {
      List<Mappable> tail = bytes < old ? vmas.remove(vma.start() + bytes, vma.end()) : List.of();
      return new Remapped(vma.at(vma.start(), vma.start() + bytes), tail);
    }
    Vma here = vmas.at(vma.start());
    if (here == null || here.end() < vma.start() + Math.min(old, bytes)) {
      throw new Ext2Exception(Errno.EFAULT, "mremap of a mapping that was divided");
    }
    List<Mappable> released = new ArrayList<>();
    if (bytes < old) {
      released.addAll(vmas.remove(vma.start() + bytes, vma.end()));
      here = MappingChanges.mapped(vmas.at(vma.start()));
    }
    if (!mustMove && vmas.startOfNext(here.start()) >= here.start() + bytes) {
      return new Remapped(vmas.grow(here, here.start() + bytes), released);
    }
    if (!mayMove) {
      throw new Ext2Exception(Errno.ENOMEM, "no room behind the mapping");
    }
    Vma moved = move(here, bytes);
    released.addAll(vmas.remove(here.start(), here.end()));
    return new Remapped(moved, released);
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
