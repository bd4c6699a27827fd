// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.mm.PagemapEntry.Kind;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a page table. Frames carry the memory they are in; a huge entry has its first frame.
 *
 * @param memory where the frame of a {@link Kind#BLOCK} is; else null
 * @param frame number of the page in {@code memory}, or of a page of the page cache; else 0
 * @param anonymous the private page for {@link Kind#ANONYMOUS}, the page of zeros for {@link
 *     Kind#ZERO_PAGE}, that of the page cache for {@link Kind#PAGE}; else empty
 * @param accessible false for PROT_NONE: the entry is there, and every access faults
 * @param writable whether a store goes through
 * @param dirty stored to, or about to be; outlives {@code writable} under mprotect(2)
 * @param huge whether it stands for 2 MiB
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
record Pte(
    Kind kind,
    @Nullable PersistentMemory memory,
    long frame,
    byte[] anonymous,
    boolean accessible,
    boolean writable,
    boolean dirty,
    boolean huge) {
  private static final byte[] NONE = new byte[0];

  static Pte frame(Vma vma, long frame, boolean writable, boolean huge) {
    return new Pte(Kind.BLOCK, vma.file().memory(), frame, NONE, true, writable, writable, huge);
  }

  static Pte zeroPage(ZeroPage zeros) {
    return new Pte(Kind.ZERO_PAGE, null, 0, zeros.bytes(), true, false, false, false);
  }

  static Pte page(byte[] bytes, long number, boolean writable) {
    return new Pte(Kind.PAGE, null, number, bytes, true, writable, writable, false);
  }

  static Pte anonymous(byte[] page, boolean writable) {
    return new Pte(Kind.ANONYMOUS, null, 0, page, true, writable, writable, false);
  }

  /** The single page of a huge entry. */
  Pte single(long pageInHuge) {
    return new Pte(kind, memory, frame + pageInHuge, NONE, accessible, writable, dirty, true);
  }

  /** Returns what an access reports that met this entry. */
  Observation observation(boolean allowed) {
    return switch (kind) {
      case ZERO_PAGE ->
          allowed ? Observation.PTE_OF_ZERO_PAGE : Observation.PTE_OF_ZERO_PAGE_REFUSES;
      case PAGE -> allowed ? Observation.PTE_OF_PAGE : Observation.PTE_OF_PAGE_REFUSES;
      case ANONYMOUS -> allowed ? Observation.PTE_OF_COPY : Observation.PTE_OF_COPY_REFUSES;
      default -> allowed ? Observation.PTE_OF_BLOCK : Observation.PTE_OF_BLOCK_REFUSES;
    };
  }

  /**
   * Returns this entry, dirty, and writable if the mapping is: {@code
   * maybe_mkwrite(pte_mkdirty())}.
   */
  Pte stored(Vma vma) {
    return new Pte(kind, memory, frame, anonymous, accessible, vma.writable(), true, huge);
  }

  /** Returns this entry, read-only: {@code pte_wrprotect}. */
  Pte readOnly() {
    return new Pte(kind, memory, frame, anonymous, accessible, false, dirty, huge);
  }

  /** Returns this entry, read-only and clean: {@code pte_mkclean(pte_wrprotect())}. */
  Pte clean() {
    return new Pte(kind, memory, frame, anonymous, accessible, false, false, huge);
  }

  /**
   * {@code change_protection}: a shared page that is dirty needs no fault to be stored to; every
   * other one does.
   */
  Pte under(Vma vma) {
    boolean direct = vma.shared() && vma.writable() && dirty && !huge;
    return new Pte(kind, memory, frame, anonymous, vma.readable(), direct, dirty, huge);
  }

  void read(int inPage, byte[] target, int at, int length) {
    PersistentMemory from = memory;
    if (from != null) {
      MemorySegment.copy(
          from.segment(),
          ValueLayout.JAVA_BYTE,
          frame * Mmu.PAGE_BYTES + inPage,
          target,
          at,
          length);
    } else {
      System.arraycopy(anonymous, inPage, target, at, length);
    }
  }

  void write(int inPage, byte[] source, int at, int length) {
    PersistentMemory to = memory;
    if (to != null) {
      to.copy(frame * Mmu.PAGE_BYTES + inPage, source, at, length);
    } else {
      System.arraycopy(source, at, anonymous, inPage, length);
    }
  }

  /** A device's store: it goes around the caches. Durable after the caller's drain. */
  void writeAround(int inPage, byte[] source, int at, int length) {
    write(inPage, source, at, length);
    PersistentMemory to = memory;
    if (to != null) {
      to.flush(frame * Mmu.PAGE_BYTES + inPage, length);
    }
  }
}
