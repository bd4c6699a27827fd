// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The {@code vm_flags} of a mapping. Neighbours that differ in one of them stay apart.
 *
 * @param shared VM_SHARED: stores reach the file. A file that is open for reading only never has
 *     it, whatever mmap(2) was asked for
 * @param mayShare VM_MAYSHARE: mmap(2) was asked for MAP_SHARED
 * @param mayWrite VM_MAYWRITE: mprotect(2) may allow stores
 * @param accounted VM_ACCOUNT: private, and writable now or once; it stays, and keeps VMAs apart
 * @param prot VM_READ, VM_WRITE and VM_EXEC, as PROT_READ 1, PROT_WRITE 2 and PROT_EXEC 4
 * @param advice what madvise(2) said that is remembered: a set of {@link #RANDOM}, {@link
 *     #SEQUENTIAL}, {@link #HUGE}, {@link #NO_HUGE}, {@link #DONT_COPY} and {@link #DONT_DUMP}
 */
record VmaFlags(
    boolean shared, boolean mayShare, boolean mayWrite, boolean accounted, int prot, int advice) {
  /** The flag of random access, VM_RAND_READ. */
  static final int RANDOM = 1;

  /** The flag of sequential access, VM_SEQ_READ. */
  static final int SEQUENTIAL = 2;

  /** The flag that allows huge pages, VM_HUGEPAGE. */
  static final int HUGE = 4;

  /** The flag that forbids huge pages, VM_NOHUGEPAGE. */
  static final int NO_HUGE = 8;

  /** VM_DONTCOPY: fork(2) leaves the mapping out. */
  static final int DONT_COPY = 16;

  /** The flag that leaves a mapping out of core dumps, VM_DONTDUMP. */
  static final int DONT_DUMP = 32;

  private static final int ACCESS_FLAGS = 7;

  /**
   * The flags of a new mapping, as {@code do_mmap} computes them.
   *
   * @param askedShared MAP_SHARED or MAP_SHARED_VALIDATE, as opposed to MAP_PRIVATE
   * @param fileWritable whether the file is open for writing
   */
  static VmaFlags of(boolean askedShared, boolean fileWritable, int prot) {
    return new VmaFlags(
        askedShared && fileWritable,
        askedShared,
        !askedShared || fileWritable,
        !askedShared && (prot & AddressSpace.PROT_WRITE) != 0,
        prot & ACCESS_FLAGS,
        0);
  }

  /** {@code vma_is_accessible}: x86 has no page that allows stores or calls, and no loads. */
  boolean readable() {
    return prot != 0;
  }

  /** Returns true if stores are allowed: VM_WRITE. */
  boolean writable() {
    return (prot & AddressSpace.PROT_WRITE) != 0;
  }

  /** {@code mprotect_fixup}: a private mapping that becomes writable is accounted from then on. */
  VmaFlags withProtection(int newProt) {
    boolean charged = !shared && (newProt & AddressSpace.PROT_WRITE) != 0;
    return new VmaFlags(
        shared, mayShare, mayWrite, accounted || charged, newProt & ACCESS_FLAGS, advice);
  }

  /** The same flags with the protection of others. */
  VmaFlags withProtectionOf(VmaFlags other) {
    return new VmaFlags(shared, mayShare, mayWrite, accounted, other.prot, advice);
  }

  VmaFlags withAdvice(int set, int clear) {
    return new VmaFlags(shared, mayShare, mayWrite, accounted, prot, (advice | set) & ~clear);
  }
}
