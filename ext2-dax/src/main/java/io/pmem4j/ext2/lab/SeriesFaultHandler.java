// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;

/**
 * The handlers of the 2015 series over the bodies of 5.10; all of them take the same locks. {@code
 * .page_mkwrite} is for ordinary pages. A DAX mapping of 5.10 has none, because holes are shown as
 * the zero page; calls of it are counted. Thread-safe.
 */
final class SeriesFaultHandler implements FaultHandler {
  private final Ext2Inode inode;
  private final Lab lab;

  SeriesFaultHandler(Lab lab, Ext2Inode inode) {
    this.inode = inode;
    this.lab = lab;
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return LabInodeLocks.run(inode, fault, inode.pteFault()::run);
  }

  @Override
  public boolean hasHugeFault() {
    return true;
  }

  @Override
  public FaultResult hugeFault(PageFault fault) {
    return LabInodeLocks.run(inode, fault, inode.pmdFault()::run);
  }

  @Override
  public FaultResult pageMkwrite(PageFault fault) {
    lab.countPageMkwrite();
    return LabInodeLocks.run(inode, fault, inode.pteFault()::run);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return LabInodeLocks.run(inode, fault, this::answered);
  }

  private FaultResult answered(PageFault fault) {
    FaultResult answer = mkwrite(fault);
    if (LabInodeLocks.of(inode).checked()) {
      MkwritePostcondition.check(inode, fault, answer);
    }
    return answer;
  }

  /**
   * Answers in one of two forms of success: {@link FaultResult#DONE} makes the core write-enable
   * the entry it found, NOPAGE makes it fault again after a truncation removed the entry.
   */
  private FaultResult mkwrite(PageFault fault) {
    if (lab.profile().pfnMkwriteChecksSize() && MkwritePostcondition.isPastEof(inode, fault)) {
      return FaultResult.SIGBUS;
    }
    return switch (inode.mapping().markForStore(fault.pgoff())) {
      case BLOCK -> FaultResult.DONE;
      case HOLE -> inode.pteFault().run(fault);
      case NOTHING -> FaultResult.NOPAGE;
    };
  }
}
