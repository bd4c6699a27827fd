// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;

/** What madvise(2) takes, with Linux's numbers, and what it does to a mapping of a DAX file. */
public enum Advice {
  /** MADV_NORMAL. */
  NORMAL(0),
  /** MADV_RANDOM. */
  RANDOM(1),
  /** MADV_SEQUENTIAL. */
  SEQUENTIAL(2),
  /** MADV_WILLNEED: there is nothing to be read ahead. */
  WILLNEED(3),
  /** MADV_DONTNEED: entries of the page table go, private copies with them. */
  DONTNEED(4),
  /** MADV_FREE: only for memory without a file. */
  FREE(8),
  /** MADV_REMOVE: would punch a hole, which ext2 cannot. */
  REMOVE(9),
  /** MADV_HUGEPAGE. */
  HUGEPAGE(14),
  /** MADV_NOHUGEPAGE: no fault on 2 MiB any more. */
  NOHUGEPAGE(15);

  private final int number;

  Advice(int number) {
    this.number = number;
  }

  /** The constant of {@code sys/mman.h}. */
  public int number() {
    return number;
  }

  /** EINVAL for a number that this is not. */
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
      case WILLNEED, DONTNEED, FREE, REMOVE -> false;
      case NORMAL, RANDOM, SEQUENTIAL, HUGEPAGE, NOHUGEPAGE -> true;
    };
  }

  /** Applies it to the part of one mapping that lies in a range; {@code mmap_lock} is held. */
  void apply(VmaTree vmas, PageTable pageTable, Vma vma, long first, long end)
      throws Ext2Exception {
    switch (this) {
      case WILLNEED -> {}
      case DONTNEED -> pageTable.zap(vma, first, end, true);
      case FREE -> throw new Ext2Exception(Errno.EINVAL, "MADV_FREE of a file");
      case REMOVE ->
          throw new Ext2Exception(
              vma.shared() && vma.writable() ? Errno.EOPNOTSUPP : Errno.EACCES, "MADV_REMOVE");
      case NORMAL -> remember(vmas, vma, first, end, 0, VmaFlags.RANDOM | VmaFlags.SEQUENTIAL);
      case RANDOM -> remember(vmas, vma, first, end, VmaFlags.RANDOM, VmaFlags.SEQUENTIAL);
      case SEQUENTIAL -> remember(vmas, vma, first, end, VmaFlags.SEQUENTIAL, VmaFlags.RANDOM);
      case HUGEPAGE -> remember(vmas, vma, first, end, VmaFlags.HUGE, VmaFlags.NO_HUGE);
      case NOHUGEPAGE -> remember(vmas, vma, first, end, VmaFlags.NO_HUGE, VmaFlags.HUGE);
    }
  }

  private static void remember(VmaTree vmas, Vma vma, long first, long end, int set, int clear)
      throws Ext2Exception {
    VmaFlags now = vma.flags().withAdvice(set, clear);
    if (!now.equals(vma.flags())) {
      vmas.change(vma, first, end, now);
    }
  }
}
