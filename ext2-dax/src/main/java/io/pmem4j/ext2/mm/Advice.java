// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;

/** An advice of madvise(2), with Linux's number, and its effect on a mapping of a DAX file. */
public enum Advice {
  /** No special treatment, MADV_NORMAL. */
  NORMAL(0),
  /** Expect random access, MADV_RANDOM. */
  RANDOM(1),
  /** Expect sequential access, MADV_SEQUENTIAL. */
  SEQUENTIAL(2),
  /** MADV_WILLNEED: pages are read ahead, which a DAX file has not. */
  WILLNEED(3),
  /** MADV_DONTNEED: entries of the page table go, private copies with them. */
  DONTNEED(4),
  /** MADV_FREE: only for memory without a file. */
  FREE(8),
  /** MADV_REMOVE: would punch a hole, which ext2 cannot. */
  REMOVE(9),
  /** MADV_DONTFORK: a child does not get the mapping. */
  DONTFORK(10),
  /** MADV_DOFORK: a child gets the mapping again. */
  DOFORK(11),
  /** Allow huge pages, MADV_HUGEPAGE. */
  HUGEPAGE(14),
  /** MADV_NOHUGEPAGE: no fault on 2 MiB any more. */
  NOHUGEPAGE(15),
  /** Leave the range out of core dumps, MADV_DONTDUMP. */
  DONTDUMP(16),
  /** Include the range in core dumps, MADV_DODUMP. */
  DODUMP(17),
  /** MADV_WIPEONFORK: only for memory without a file. */
  WIPEONFORK(18),
  /** MADV_KEEPONFORK: a mapping of a file is never wiped. */
  KEEPONFORK(19),
  /** MADV_COLD: pages of a DAX file are on no list that they could move down in. */
  COLD(20),
  /** MADV_PAGEOUT: pages of a DAX file cannot be paged out. */
  PAGEOUT(21);

  private final int number;

  Advice(int number) {
    this.number = number;
  }

  /** The constant of {@code sys/mman.h}. */
  public int number() {
    return number;
  }

  /**
   * Returns the advice of a number, as {@code madvise_behavior_valid} checks it. MADV_MERGEABLE and
   * MADV_UNMERGEABLE are valid only in a kernel with CONFIG_KSM, which the kernels of this project
   * are built without.
   *
   * @throws Ext2Exception EINVAL for a number that is no advice
   */
  static Advice of(int number) throws Ext2Exception {
    for (Advice each : values()) {
      if (each.number == number) {
        return each;
      }
    }
    throw new Ext2Exception(Errno.EINVAL, "madvise " + number);
  }

  /** {@code madvise_need_mmap_write}: whether mappings are divided or joined. */
  boolean changesMappings() {
    return switch (this) {
      case WILLNEED, DONTNEED, FREE, REMOVE, COLD, PAGEOUT -> false;
      default -> true;
    };
  }

  /** Applies it to the part of one mapping that lies in a range; {@code mmap_lock} is held. */
  void apply(VmaTree vmas, PageTable pageTable, Vma vma, long first, long end)
      throws Ext2Exception {
    switch (this) {
      case WILLNEED -> willNeed(vma, first, end);
      case COLD, PAGEOUT, KEEPONFORK -> {}
      case DONTNEED -> pageTable.zap(vma, first, end, true);
      case FREE, WIPEONFORK -> throw new Ext2Exception(Errno.EINVAL, this + " of a file");
      case REMOVE -> remove(vma, first, end);
      case NORMAL -> remember(vmas, vma, first, end, 0, VmaFlags.RANDOM | VmaFlags.SEQUENTIAL);
      case RANDOM -> remember(vmas, vma, first, end, VmaFlags.RANDOM, VmaFlags.SEQUENTIAL);
      case SEQUENTIAL -> remember(vmas, vma, first, end, VmaFlags.SEQUENTIAL, VmaFlags.RANDOM);
      case DONTFORK -> remember(vmas, vma, first, end, VmaFlags.DONT_COPY, 0);
      case DOFORK -> remember(vmas, vma, first, end, 0, VmaFlags.DONT_COPY);
      case DONTDUMP -> remember(vmas, vma, first, end, VmaFlags.DONT_DUMP, 0);
      case DODUMP -> remember(vmas, vma, first, end, 0, VmaFlags.DONT_DUMP);
      case HUGEPAGE -> remember(vmas, vma, first, end, VmaFlags.HUGE, VmaFlags.NO_HUGE);
      case NOHUGEPAGE -> remember(vmas, vma, first, end, VmaFlags.NO_HUGE, VmaFlags.HUGE);
    }
  }

  private static void willNeed(Vma vma, long first, long end) {
    long from = Math.max(first, vma.start());
    long to = Math.min(end, vma.end());
    vma.file().willNeed(vma.pgoffAt(from), (to - from) / Mmu.PAGE_BYTES);
  }

  /**
   * {@code madvise_remove}: a hole is punched through the file, which only a mapping whose stores
   * could reach the file may do, whatever its protection is now.
   */
  private static void remove(Vma vma, long first, long end) throws Ext2Exception {
    if (!vma.shared()) {
      throw new Ext2Exception(Errno.EACCES, "MADV_REMOVE of " + vma);
    }
    long from = Math.max(first, vma.start());
    vma.file().punchHole(vma.pgoffAt(from) * Mmu.PAGE_BYTES, Math.min(end, vma.end()) - from);
  }

  private static void remember(VmaTree vmas, Vma vma, long first, long end, int set, int clear)
      throws Ext2Exception {
    VmaFlags now = vma.flags().withAdvice(set, clear);
    if (!now.equals(vma.flags())) {
      vmas.change(vma, first, end, now);
    }
  }
}
