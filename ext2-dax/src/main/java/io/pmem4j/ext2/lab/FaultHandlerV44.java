// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;

/**
 * The four handlers of the merged series over the bodies of Linux 4.4. A hole is an ordinary page
 * here, so that a store to it comes through {@code page_mkwrite}. A block is mapped read-only at
 * first and becomes writable through {@code pfn_mkwrite}, which only checks the size. Private
 * stores take freeze protection and change the times too. Thread-safe.
 */
final class FaultHandlerV44 implements FaultHandler {
  private final Ext2Inode inode;
  private final Lab lab;
  private final PteFaultV44 pteFault;
  private final PmdFaultV44 pmdFault;

  FaultHandlerV44(Lab lab, Ext2Inode inode) {
    this.lab = lab;
    this.inode = inode;
    this.pteFault = new PteFaultV44(inode.mapping(), inode.iomap());
    this.pmdFault = new PmdFaultV44(inode.mapping(), inode.iomap());
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return LabInodeLocks.run(inode, fault, fault.write(), pteFault::run);
  }

  @Override
  public boolean hasHugeFault() {
    return true;
  }

  @Override
  public FaultResult hugeFault(PageFault fault) {
    return LabInodeLocks.run(inode, fault, fault.write(), pmdFault::run);
  }

  @Override
  public boolean showsHolesAsPages() {
    return true;
  }

  @Override
  public FaultResult pageMkwrite(PageFault fault) {
    lab.countPageMkwrite();
    return LabInodeLocks.run(inode, fault, true, pteFault::run);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return LabInodeLocks.run(inode, fault, true, this::mkwrite);
  }

  private FaultResult mkwrite(PageFault fault) {
    FaultResult answer =
        MkwritePostcondition.isPastEof(inode, fault) ? FaultResult.SIGBUS : FaultResult.DONE;
    if (LabInodeLocks.of(inode).checked()) {
      MkwritePostcondition.check(inode, fault, answer);
    }
    return answer;
  }
}
