// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The decisions between the processor's fault and the file's handler: {@code handle_pte_fault},
 * {@code do_fault}, {@code do_wp_page}. Called with {@code mmap_lock} held shared.
 */
final class FaultEntry {
  private final PageTable pageTable;

  FaultEntry(PageTable pageTable) {
    this.pageTable = pageTable;
  }

  FaultResult handle(Vma vma, long address, boolean write) {
    PagemapEntry entry = pageTable.entry(address);
    if (entry.kind() == PagemapEntry.Kind.NONE) {
      return noEntry(vma, address, write);
    }
    if (!write || entry.writable()) {
      // Another task of this address space was faster.
      return FaultResult.NOPAGE;
    }
    return readOnlyEntry(vma, address);
  }

  private static FaultResult noEntry(Vma vma, long address, boolean write) {
    FaultHandler handler = vma.file().faultHandler();
    if (write && !vma.shared()) {
      // The private page exists before the file is asked, as in do_cow_fault.
      return handler.fault(new PageFault(vma, address, true, false, new byte[Mmu.PAGE_BYTES]));
    }
    return handler.fault(new PageFault(vma, address, write, false, null));
  }

  private FaultResult readOnlyEntry(Vma vma, long address) {
    if (vma.shared()) {
      return vma.file().faultHandler().pfnMkwrite(new PageFault(vma, address, true, true, null));
    }
    // wp_page_copy: neither block nor zero page is an ordinary page, so the file is not asked:
    // no lock of it is taken, no time changes and nothing is traced.
    pageTable.copyOnWrite(vma, address);
    return FaultResult.DONE_COW;
  }
}
