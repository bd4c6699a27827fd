// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import java.util.function.Function;

/**
 * {@code ext2_dax_fault} of Linux 5.10: one handler for every kind of fault. Thread-safe.
 *
 * <p>In the merged order freeze protection is outside {@code dax_sem}, so that a fault that waits
 * for a thaw does not keep truncation waiting. The times change before the size is looked at: a
 * store beyond the end of the file dies, and has changed them.
 */
final class DaxFaultHandler implements FaultHandler {
  private final Ext2Inode inode;

  DaxFaultHandler(Ext2Inode inode) {
    this.inode = inode;
  }

  @Override
  public FaultResult fault(PageFault fault) {
    return locked(inode, fault, inode.pteFault()::run);
  }

  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return locked(inode, fault, inode.pteFault()::run);
  }

  /** Runs a body under what the lock order makes a fault take. */
  static FaultResult locked(
      Ext2Inode inode, PageFault fault, Function<PageFault, FaultResult> body) {
    return locked(inode, fault, fault.write() && fault.shared(), body);
  }

  /**
   * As above.
   *
   * @param changes whether the fault waits for a thaw, and changes the times
   */
  static FaultResult locked(
      Ext2Inode inode, PageFault fault, boolean changes, Function<PageFault, FaultResult> body) {
    try (var _ = inode.locks().fault(fault.pgoff(), changes, inode::updateTime)) {
      return body.apply(fault);
    }
  }
}
