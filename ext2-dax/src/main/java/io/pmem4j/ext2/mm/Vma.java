// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import org.jspecify.annotations.Nullable;

/**
 * One mapping of a file in an address space: {@code vm_area_struct}. Whoever made it uses it as a
 * place: its addresses stay those of the mapping when mprotect(2) or madvise(2) have divided it,
 * and in the address space of a child.
 *
 * <p>Immutable but for one flag, which only rises. The address space and the file know the pieces
 * that are mapped now.
 */
public final class Vma {
  private final AddressSpace mm;
  private final Mappable file;
  private final long start;
  private final long end;
  private final long pgoff;
  private final VmaFlags flags;

  /** Null until a private copy is made here. */
  private volatile @Nullable AnonVma anonVma;

  Vma(AddressSpace mm, Mappable file, long start, long end, long pgoff, VmaFlags flags) {
    this.mm = mm;
    this.file = file;
    this.start = start;
    this.end = end;
    this.pgoff = pgoff;
    this.flags = flags;
  }

  /** The address space that it was made in. */
  public AddressSpace mm() {
    return mm;
  }

  /** The file shown. */
  public Mappable file() {
    return file;
  }

  /** Returns the first address. */
  public long start() {
    return start;
  }

  /** First address behind it, a multiple of the page size. */
  public long end() {
    return end;
  }

  /** Index of the file's page at {@link #start}. */
  public long pgoff() {
    return pgoff;
  }

  /**
   * VM_SHARED: stores reach the file. False for MAP_PRIVATE, and for MAP_SHARED of a file that is
   * open for reading only.
   */
  public boolean shared() {
    return flags.shared();
  }

  /** Returns true if loads are allowed. */
  public boolean readable() {
    return flags.readable();
  }

  /** Returns true if stores are allowed. */
  public boolean writable() {
    return flags.writable();
  }

  VmaFlags flags() {
    return flags;
  }

  /** Returns whether a private copy was made here, at some time. */
  boolean hasCopies() {
    return anonVma != null;
  }

  @Nullable AnonVma anonVma() {
    return anonVma;
  }

  /** Sets it if there is none yet: {@code __anon_vma_prepare}, under the page table lock. */
  synchronized void prepare(AnonVma prepared) {
    if (anonVma == null) {
      anonVma = prepared;
    }
  }

  /** A part of it, with other flags. */
  Vma piece(long from, long to, VmaFlags now) {
    return like(mm, from, to, pgoff + (from - start) / Mmu.PAGE_BYTES, now);
  }

  /** The same in the address space of a child. */
  Vma in(AddressSpace child) {
    Vma twin = like(child, start, end, pgoff, flags);
    AnonVma parents = anonVma;
    twin.anonVma = parents == null ? null : parents.forked();
    return twin;
  }

  /** The range of this mapping and of the next one, with what the copies of either hang on. */
  Vma joinedWith(Vma next) {
    Vma joined = at(start, next.end);
    if (joined.anonVma == null) {
      joined.anonVma = next.anonVma;
    }
    return joined;
  }

  /** The same at another place, or of another length. */
  Vma at(long newStart, long newEnd) {
    return like(mm, newStart, newEnd, pgoff, flags);
  }

  private Vma like(AddressSpace space, long from, long to, long index, VmaFlags now) {
    Vma other = new Vma(space, file, from, to, index, now);
    other.anonVma = anonVma;
    return other;
  }

  /** Returns whether the two could be one, but for their private copies. */
  @SuppressWarnings("ReferenceEquality") // the same open file
  boolean isContinuedBy(Vma next) {
    return end == next.start
        && file == next.file
        && flags.equals(next.flags)
        && pgoffEnd() == next.pgoff;
  }

  /** {@code anon_vma_compatible}: as {@link #isContinuedBy}, whatever the protections are. */
  @SuppressWarnings("ReferenceEquality") // the same open file
  boolean isContinuedButForProtectionBy(Vma next) {
    return end == next.start
        && file == next.file
        && flags.withProtectionOf(next.flags).equals(next.flags)
        && pgoffEnd() == next.pgoff;
  }

  /** The file's page index at an address of this mapping. */
  long pgoffAt(long address) {
    return pgoff + (address - start) / Mmu.PAGE_BYTES;
  }

  /** The address of a file's page index; outside the mapping if the index is. */
  long addressOf(long index) {
    return start + (index - pgoff) * Mmu.PAGE_BYTES;
  }

  /** Index of the first page of the file behind this mapping. */
  long pgoffEnd() {
    return pgoff + (end - start) / Mmu.PAGE_BYTES;
  }

  @Override
  public String toString() {
    return "0x%x-0x%x %s pgoff %d".formatted(start, end, shared() ? "shared" : "private", pgoff);
  }
}
