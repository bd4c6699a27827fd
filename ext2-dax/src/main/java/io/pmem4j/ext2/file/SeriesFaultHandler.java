// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;

/**
 * The handlers of the 2015 series over the bodies of 5.10. Their locks are the lock order's: all of
 * them take the same. {@code .page_mkwrite} is for ordinary pages, and there are none behind a DAX
 * mapping since holes are shown as the page of zeros: it is there, and its calls are counted.
 * Thread-safe.
 */
final class SeriesFaultHandler implements FaultHandler {
  private final Ext2Inode inode;
  private final Profile profile;
  private final boolean checked;

  SeriesFaultHandler(Ext2Inode inode, Profile profile, boolean checked) {
    this.inode = inode;
    this.profile = profile;
    this.checked = checked;
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return DaxFaultHandler.locked(inode, fault, inode.pteFault()::run);
  }

  @Override
  public boolean hasHugeFault() {
    return true;
  }

  @Override
  public FaultResult hugeFault(PageFault fault) {
    return DaxFaultHandler.locked(inode, fault, inode.pmdFault()::run);
  }

  @Override
  public FaultResult pageMkwrite(PageFault fault) {
    inode.countPageMkwrite();
    return DaxFaultHandler.locked(inode, fault, inode.pteFault()::run);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return DaxFaultHandler.locked(inode, fault, this::answered);
  }

  private FaultResult answered(PageFault fault) {
    FaultResult answer = mkwrite(fault);
    if (checked) {
      MkwriteAnswers.oracle(inode, fault, answer);
    }
    return answer;
  }

  /**
   * The success of 2015 has two forms: {@link FaultResult#DONE} makes the core write-enable what it
   * found, NOPAGE makes it look again at what a truncation has taken away.
   */
  private FaultResult mkwrite(PageFault fault) {
    if (profile.pfnMkwriteChecksSize() && MkwriteAnswers.isBehindTheEnd(inode, fault)) {
      return FaultResult.SIGBUS;
    }
    return switch (inode.mapping().markForStore(fault.pgoff())) {
      case BLOCK -> FaultResult.DONE;
      case HOLE -> inode.pteFault().run(fault);
      case NOTHING -> FaultResult.NOPAGE;
    };
  }
}
