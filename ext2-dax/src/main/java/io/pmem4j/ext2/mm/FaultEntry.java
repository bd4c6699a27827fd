// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The decisions between the processor's fault and the file's handler: {@code __handle_mm_fault},
 * {@code handle_pte_fault}, {@code do_fault}, {@code do_wp_page}. Called with {@code mmap_lock}
 * held shared.
 */
final class FaultEntry {
  private final PageTable pageTable;
  private final VmaTree vmas;

  FaultEntry(PageTable pageTable, VmaTree vmas) {
    this.pageTable = pageTable;
    this.vmas = vmas;
  }

  FaultResult handle(Vma vma, long address, boolean write) {
    FaultHandler handler = vma.file().faultHandler();
    if (handler.hasHugeFault() && (vma.flags().advice() & VmaFlags.NO_HUGE) == 0) {
      FaultResult result = huge(handler, vma, address, write);
      if (result != FaultResult.FALLBACK) {
        return result;
      }
    }
    PagemapEntry entry = pageTable.entry(address);
    if (entry.kind() == PagemapEntry.Kind.NONE) {
      return noEntry(handler, vma, address, write);
    }
    if (!write || entry.writable()) {
      // Another task of this address space was faster.
      return FaultResult.NOPAGE;
    }
    return readOnlyEntry(handler, vma, address, entry);
  }

  /** A fault on what has no entry, made ahead; of a private mapping, for loads. */
  FaultResult handleMissing(PageFault fault) {
    FaultHandler handler = fault.vma().file().faultHandler();
    if (handler.hasHugeFault() && pageTable.region(fault.address()) == Mmu.Region.EMPTY) {
      FaultResult result = handler.hugeFault(fault);
      if (result != FaultResult.FALLBACK) {
        return result;
      }
    }
    return handler.fault(fault);
  }

  /** FALLBACK if a single page is to be dealt with. */
  private FaultResult huge(FaultHandler handler, Vma vma, long address, boolean write) {
    return switch (pageTable.region(address)) {
      case EMPTY -> handler.hugeFault(new PageFault(vma, address, write, false, null));
      case TABLE -> FaultResult.FALLBACK;
      case HUGE ->
          write && !pageTable.entry(address).writable()
              ? writeToHuge(handler, vma, address)
              : FaultResult.NOPAGE;
    };
  }

  /** {@code wp_huge_pmd}: what cannot become writable as a whole is dealt with page by page. */
  private FaultResult writeToHuge(FaultHandler handler, Vma vma, long address) {
    FaultResult result = handler.hugeFault(new PageFault(vma, address, true, false, null));
    if (result == FaultResult.FALLBACK) {
      pageTable.splitHuge(address);
    }
    return result;
  }

  private FaultResult noEntry(FaultHandler handler, Vma vma, long address, boolean write) {
    byte[] copy = null;
    if (write && !vma.shared()) {
      // The private page exists before the file is asked, as in do_cow_fault.
      vmas.prepareCopies(vma);
      copy = new byte[Mmu.PAGE_BYTES];
    }
    PageFault fault = new PageFault(vma, address, write, false, copy);
    FaultResult result = handler.fault(fault);
    if (result == FaultResult.LOCKED && write && vma.shared() && fault.hasPage()) {
      // do_shared_fault: the file is told of the store without the lock of the page.
      fault.unlock();
      result = handler.pageMkwrite(fault);
    }
    return result == FaultResult.LOCKED ? fault.finishLocked() : result;
  }

  private FaultResult readOnlyEntry(
      FaultHandler handler, Vma vma, long address, PagemapEntry before) {
    if (vma.shared()
        && before.kind() == PagemapEntry.Kind.ZERO_PAGE
        && handler.showsHolesAsPages()) {
      return handler.pageMkwrite(new PageFault(vma, address, true, true, null));
    }
    if (vma.shared() && before.kind() == PagemapEntry.Kind.PAGE) {
      return sharedPage(handler, new PageFault(vma, address, true, true, null), before);
    }
    if (vma.shared()) {
      FaultResult result = handler.pfnMkwrite(new PageFault(vma, address, true, true, null));
      if (result == FaultResult.DONE) {
        pageTable.finishMkwrite(vma, address, before);
      }
      return result;
    }
    // wp_page_copy: the file is not asked. No lock of it is taken, no time changes and nothing is
    // traced.
    vmas.prepareCopies(vma);
    pageTable.copyOnWrite(vma, address);
    return FaultResult.DONE_COW;
  }

  /** {@code wp_page_shared}: the entry becomes writable while the page is locked. */
  private FaultResult sharedPage(FaultHandler handler, PageFault fault, PagemapEntry before) {
    FaultResult result = handler.pageMkwrite(fault.on(before.block()));
    if (result == FaultResult.LOCKED) {
      pageTable.finishMkwrite(fault.vma(), fault.address(), before);
      fault.unlock();
      return FaultResult.NOPAGE;
    }
    return result;
  }
}
