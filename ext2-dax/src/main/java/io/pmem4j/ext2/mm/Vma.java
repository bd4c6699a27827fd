// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * One mapping of a file in an address space: {@code vm_area_struct}. A value apart from being
 * mapped or not, which its address space knows.
 */
public final class Vma {
  private final AddressSpace mm;
  private final Mappable file;
  private final long start;
  private final long end;
  private final long pgoff;
  private final boolean shared;
  private final boolean readable;
  private final boolean writable;

  Vma(
      AddressSpace mm,
      Mappable file,
      long start,
      long end,
      long pgoff,
      boolean shared,
      boolean readable,
      boolean writable) {
    this.mm = mm;
    this.file = file;
    this.start = start;
    this.end = end;
    this.pgoff = pgoff;
    this.shared = shared;
    this.readable = readable;
    this.writable = writable;
  }

  /** The address space that it belongs to. */
  public AddressSpace mm() {
    return mm;
  }

  /** The file shown. */
  public Mappable file() {
    return file;
  }

  /** First address. */
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

  /** MAP_SHARED, as opposed to MAP_PRIVATE. */
  public boolean shared() {
    return shared;
  }

  /** PROT_READ. */
  public boolean readable() {
    return readable;
  }

  /** PROT_WRITE. */
  public boolean writable() {
    return writable;
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
    return "0x%x-0x%x %s pgoff %d".formatted(start, end, shared ? "shared" : "private", pgoff);
  }
}
