// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The fault handlers of a file's mappings: {@code vm_operations_struct}. Called with {@code
 * mmap_lock} held shared; may be called by many tasks at once, for one index too.
 */
public interface FaultHandler {
  /** {@code .fault}: there is no entry in the page table. */
  FaultResult fault(PageFault fault);

  /**
   * {@code .pfn_mkwrite}: a store met a read-only entry of a shared mapping that has no ordinary
   * page behind it: a block or the zero page.
   *
   * @return {@link FaultResult#DONE} if the entry is to become writable as it is
   */
  FaultResult pfnMkwrite(PageFault fault);

  /**
   * {@code .page_mkwrite}: a store met a read-only entry of a shared mapping that has an ordinary
   * page behind it.
   *
   * @return LOCKED with the page of {@link PageFault#pageNumber} locked, which is the file's page
   *     to be stored to; NOPAGE when something else is mapped now, or is to be
   */
  default FaultResult pageMkwrite(PageFault fault) {
    return FaultResult.SIGBUS;
  }

  /** Returns true if the page that stands for a hole is an ordinary page of the file. */
  default boolean showsHolesAsPages() {
    return false;
  }

  /** Returns true if {@code .huge_fault} is to be called before {@link #fault}. */
  default boolean hasHugeFault() {
    return false;
  }

  /**
   * {@code .huge_fault} with PE_SIZE_PMD: the 2 MiB around the address have no page table, or a
   * store met a read-only entry for all of them.
   *
   * @return {@link FaultResult#FALLBACK} to be asked for one page instead
   */
  default FaultResult hugeFault(PageFault fault) {
    return FaultResult.FALLBACK;
  }
}
