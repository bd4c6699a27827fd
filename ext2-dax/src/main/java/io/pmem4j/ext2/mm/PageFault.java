// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.sched.HeldLock;
import org.jspecify.annotations.Nullable;

/**
 * One fault on its way through a handler: {@code struct vm_fault}. Belongs to the faulting task.
 */
public final class PageFault {
  private final Vma vma;
  private final long address;
  private final boolean write;
  private final boolean mkwrite;
  private final byte @Nullable [] cowPage;
  private @Nullable HeldLock kept;
  private byte @Nullable [] page;
  private long pageNumber;
  private @Nullable Ext2Exception reason;

  PageFault(Vma vma, long address, boolean write, boolean mkwrite, byte @Nullable [] cowPage) {
    this.vma = vma;
    this.address = address;
    this.write = write;
    this.mkwrite = mkwrite;
    this.cowPage = cowPage;
  }

  /** Returns the mapping that faulted. */
  public Vma vma() {
    return vma;
  }

  /** The exact address of the access. */
  public long address() {
    return address;
  }

  /** Index of the page in the file. */
  public long pgoff() {
    return vma.pgoffAt(address);
  }

  /** Returns true for a store: FAULT_FLAG_WRITE. */
  public boolean write() {
    return write;
  }

  /** FAULT_FLAG_MKWRITE: the store met a read-only entry. */
  public boolean mkwrite() {
    return mkwrite;
  }

  /** VM_SHARED of the mapping. */
  public boolean shared() {
    return vma.shared();
  }

  /** The page that a private store copies into, allocated before the handler runs. */
  public byte @Nullable [] cowPage() {
    return cowPage;
  }

  /** Remembers why it fails, which the result does not tell. */
  public void failed(Ext2Exception why) {
    reason = why;
  }

  /** Why it failed, if the file system knows. */
  @Nullable Ext2Exception reason() {
    return reason;
  }

  /** {@code vmf_insert_mixed} or, for a store, {@code vmf_insert_mixed_mkwrite}. */
  public FaultResult insertFrame(long frame) {
    vma.mm().mmu().insertFrame(vma, address, frame, write);
    return FaultResult.NOPAGE;
  }

  /** {@code vm_insert_mixed}: maps read-only, so that a store faults once more. */
  public FaultResult insertReadOnly(long frame) {
    vma.mm().mmu().insertFrame(vma, address, frame, false);
    return FaultResult.NOPAGE;
  }

  /** With {@link FaultResult#LOCKED}: what is to be given up when the page is mapped. */
  public void keep(HeldLock held) {
    kept = held;
  }

  /**
   * With {@link FaultResult#LOCKED}: the page of the page cache that is to be mapped, {@code
   * vmf->page}.
   *
   * @param number of the page
   * @param lock of the page
   */
  public void keepPage(byte[] bytes, long number, HeldLock lock) {
    page = bytes;
    pageNumber = number;
    kept = lock;
  }

  /** Sets the page that the page table showed, as {@code .page_mkwrite} is called with it. */
  PageFault on(long number) {
    pageNumber = number;
    return this;
  }

  /** Returns the number of the page: that of {@link #keepPage}, or of the page table's entry. */
  public long pageNumber() {
    return pageNumber;
  }

  /** Returns true if a handler has left a page of the page cache locked. */
  boolean hasPage() {
    return page != null;
  }

  /** {@code unlock_page} without having mapped it. */
  void unlock() {
    HeldLock held = kept;
    kept = null;
    if (held != null) {
      held.close();
    }
  }

  /** {@code do_set_pte} with what a handler left locked. */
  FaultResult finishLocked() {
    HeldLock held = kept;
    if (held == null) {
      throw new IllegalStateException("nothing is locked");
    }
    try (held) {
      byte[] copy = cowPage;
      byte[] ofFile = page;
      if (copy == null) {
        return ofFile == null ? insertZero() : insertPage(ofFile);
      }
      if (ofFile != null) {
        System.arraycopy(ofFile, 0, copy, 0, copy.length);
      }
      return finishCow(copy);
    }
  }

  private FaultResult insertPage(byte[] ofFile) {
    vma.mm().mmu().insertPage(vma, address, ofFile, pageNumber, write);
    return FaultResult.NOPAGE;
  }

  /** {@code vmf_insert_pfn_pmd}: shows 2 MiB from a frame on. */
  public FaultResult insertHuge(long firstFrame) {
    vma.mm().mmu().insertHuge(vma, address, firstFrame, write);
    return FaultResult.NOPAGE;
  }

  /** Returns the state of the 2 MiB around the address: {@code vmf->pmd}. */
  public Mmu.Region region() {
    return vma.mm().mmu().region(address);
  }

  /** Replaces a huge entry around the address by nothing: {@code split_huge_pmd}. */
  public void splitHuge() {
    vma.mm().mmu().splitHuge(address);
  }

  /** Shows zeros read-only. */
  public FaultResult insertZero() {
    vma.mm().mmu().insertZero(vma, address);
    return FaultResult.NOPAGE;
  }

  /** {@code finish_fault}: installs the private page. */
  public FaultResult finishCow(byte[] page) {
    vma.mm().mmu().insertAnonymous(vma, address, page);
    return FaultResult.DONE_COW;
  }
}
