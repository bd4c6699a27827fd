// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeLocks;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;

/**
 * {@code ext2_dax_fault} of Linux 5.10: one handler for every kind of fault. Thread-safe.
 *
 * <p>The locks of a fault, outermost first:
 *
 * <pre>
 * mmap_lock                  by the caller
 *   sb_start_pagefault       only for a store to a shared mapping
 *     ei->dax_sem            shared
 *       the body: DAX entry, truncate_mutex, i_mmap_rwsem
 * </pre>
 *
 * <p>Freeze protection is outside {@code dax_sem}, so that a fault that waits for a thaw blocks no
 * truncation. The times change before the size is read: a store past EOF is refused and has changed
 * them.
 */
final class DaxFaultHandler implements FaultHandler {
  private final Ext2Inode inode;
  private final InodeLocks locks;

  DaxFaultHandler(Ext2Inode inode) {
    this.inode = inode;
    this.locks = inode.locks();
  }

  @Override
  public FaultResult fault(PageFault fault) {
    boolean write = fault.write() && fault.shared();
    try (var _ = write ? locks.startPagefault() : InodeLocks.NOTHING) {
      if (write) {
        inode.times().updateTime();
      }
      try (var _ = locks.daxSem().shared()) {
        return inode.pteFault().run(fault);
      }
    }
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return fault(fault);
  }
}
