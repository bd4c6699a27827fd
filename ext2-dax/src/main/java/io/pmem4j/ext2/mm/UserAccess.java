// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.lock.OrderedRwSemaphore;

/** Loads and stores of a program, and the faults that they are before they succeed. Thread-safe. */
final class UserAccess {
  /** A fault that changes nothing would repeat for ever; no fault of the kernel needs as many. */
  private static final int MAX_FAULTS_PER_ACCESS = 1000;

  private final PageTable pageTable;
  private final OrderedRwSemaphore mmapLock;
  private final VmaTree vmas;
  private final FaultEntry faultEntry;

  UserAccess(PageTable pageTable, OrderedRwSemaphore mmapLock, VmaTree vmas) {
    this.pageTable = pageTable;
    this.mmapLock = mmapLock;
    this.vmas = vmas;
    this.faultEntry = new FaultEntry(pageTable, vmas);
  }

  byte[] load(Vma vma, long offset, int length) {
    byte[] target = new byte[length];
    int done = 0;
    while (done < length) {
      long address = vma.start() + offset + done;
      int now = withinPage(address, length - done);
      for (int faults = 0; ; faults++) {
        if (pageTable.tryLoad(address, target, done, now)) {
          break;
        }
        fault(vma, address, false, faults);
      }
      done += now;
    }
    return target;
  }

  void store(Vma vma, long offset, byte[] source) {
    int done = 0;
    while (done < source.length) {
      long address = vma.start() + offset + done;
      int now = withinPage(address, source.length - done);
      for (int faults = 0; ; faults++) {
        if (pageTable.tryStore(address, source, done, now)) {
          break;
        }
        fault(vma, address, true, faults);
      }
      done += now;
    }
  }

  /** Faults until a store to the page of an offset would succeed. */
  void allowStore(Vma vma, long offset) {
    long address = vma.start() + offset;
    for (int faults = 0; !pageTable.entry(address).writable(); faults++) {
      fault(vma, address, true, faults);
    }
  }

  /** {@code follow_page_pte} with a reference taken, after as many faults as it needs. */
  PagePins.Pinned followPage(Vma vma, long address, boolean write) {
    for (int faults = 0; ; faults++) {
      Pte pte = pageTable.followPage(address, write, vma.file().pins());
      if (pte != null) {
        return new PagePins.Pinned(pte, vma.file().pins());
      }
      fault(vma, address, write, faults);
    }
  }

  FaultResult fault(PageFault fault) {
    try (var _ = mmapLock.shared()) {
      return vmas.at(fault.address()) == null
          ? FaultResult.SIGBUS
          : faultEntry.handleMissing(fault);
    }
  }

  private void fault(Vma expected, long address, boolean write, int before) {
    if (before > MAX_FAULTS_PER_ACCESS) {
      throw new IllegalStateException("page fault makes no progress at " + expected);
    }
    FaultResult result;
    try (var _ = mmapLock.shared()) {
      Vma vma = vmas.at(address);
      if (vma == null) {
        throw new SignalException(SignalException.SIGSEGV, SignalException.SEGV_MAPERR, address);
      }
      if (write ? !vma.writable() : !vma.readable()) {
        throw new SignalException(SignalException.SIGSEGV, SignalException.SEGV_ACCERR, address);
      }
      result = faultEntry.handle(vma, address, write);
    }
    expected.file().mappings().populate();
    if (result.isError()) {
      throw new SignalException(SignalException.SIGBUS, SignalException.BUS_ADRERR, address);
    }
  }

  static int withinPage(long address, int length) {
    return (int) Math.min(length, Mmu.PAGE_BYTES - Math.floorMod(address, (long) Mmu.PAGE_BYTES));
  }
}
