// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;

/**
 * The four handlers of the merged series of 2015 over the bodies of their time. A hole is an
 * ordinary page here, so that a store to it comes through {@code page_mkwrite}; a block is mapped
 * read-only at first, and becomes writable through {@code pfn_mkwrite}, which only looks at the
 * size. Private stores take freeze protection and change the times too. Thread-safe.
 */
final class FaultHandler2015 implements FaultHandler {
  private final Ext2Inode inode;
  private final boolean checked;

  FaultHandler2015(Ext2Inode inode, boolean checked) {
    this.inode = inode;
    this.checked = checked;
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return DaxFaultHandler.locked(inode, fault, fault.write(), inode.pteFault2015()::run);
  }

  @Override
  public boolean hasHugeFault() {
    return true;
  }

  @Override
  public FaultResult hugeFault(PageFault fault) {
    return DaxFaultHandler.locked(inode, fault, fault.write(), inode.pmdFault2015()::run);
  }

  @Override
  public boolean showsHolesAsPages() {
    return true;
  }

  @Override
  public FaultResult pageMkwrite(PageFault fault) {
    inode.countPageMkwrite();
    return DaxFaultHandler.locked(inode, fault, true, inode.pteFault2015()::run);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return DaxFaultHandler.locked(inode, fault, true, this::mkwrite);
  }

  private FaultResult mkwrite(PageFault fault) {
    FaultResult answer =
        MkwriteAnswers.isBehindTheEnd(inode, fault) ? FaultResult.SIGBUS : FaultResult.DONE;
    if (checked) {
      MkwriteAnswers.oracle(inode, fault, answer);
    }
    return answer;
  }
}
