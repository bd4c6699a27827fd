// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import io.pmem4j.ext2.volume.Volume;

/**
 * {@code ext2_dax_fault} of Linux 5.10: one handler for every kind of fault. Thread-safe.
 *
 * <p>Freeze protection is outside {@code dax_sem}, so that a fault that waits for a thaw does not
 * keep truncation waiting. The times change before the size is looked at: a store beyond the end of
 * the file dies, and has changed them.
 */
final class DaxFaultHandler implements FaultHandler {
  private final Volume volume;
  private final Ext2Inode inode;

  DaxFaultHandler(Volume volume, Ext2Inode inode) {
    this.volume = volume;
    this.inode = inode;
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return handle(fault);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return handle(fault);
  }

  private FaultResult handle(PageFault fault) {
    if (!fault.write() || !fault.shared()) {
      return underDaxSem(fault);
    }
    try (var _ = volume.freezeGate().startPagefault()) {
      inode.updateTime();
      return underDaxSem(fault);
    }
  }

  private FaultResult underDaxSem(PageFault fault) {
    try (var _ = inode.daxSemShared()) {
      return inode.pteFault().run(fault);
    }
  }
}
