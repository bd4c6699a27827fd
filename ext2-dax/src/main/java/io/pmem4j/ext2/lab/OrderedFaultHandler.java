// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;

/** The one handler of Linux 5.10 under the locks of another order. Thread-safe. */
final class OrderedFaultHandler implements FaultHandler {
  private final Ext2Inode inode;

  OrderedFaultHandler(Ext2Inode inode) {
    this.inode = inode;
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return LabInodeLocks.run(inode, fault, inode.pteFault()::run);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return fault(fault);
  }
}
