// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.IsolationViolation;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import java.util.List;

/**
 * The postcondition of {@code page_mkwrite} and {@code pfn_mkwrite}: no success for a page past
 * EOF. It is checked before the handler releases its locks. Under {@code dax_sem} the size cannot
 * have changed since the handler read it; without it, truncation may have run in between.
 */
final class MkwritePostcondition {
  private MkwritePostcondition() {}

  /** Returns true if the page lies past EOF. */
  static boolean isPastEof(Ext2Inode inode, PageFault fault) {
    return isPast(fault, inode.size());
  }

  private static boolean isPast(PageFault fault, long size) {
    return fault.pgoff() >= Math.ceilDiv(size, DaxIo.PAGE_BYTES);
  }

  /**
   * Checks an answer. Reads the size once more, which no handler does; the observation says so.
   *
   * @throws IsolationViolation for a success past EOF
   */
  static void check(Ext2Inode inode, PageFault fault, FaultResult answer) {
    long size = inode.sizeForCheck();
    if (!answer.isError() && isPast(fault, size)) {
      throw new IsolationViolation(
          inode.toString(),
          List.of(
              "a store to page " + fault.pgoff() + " was allowed in a file of " + size + " bytes"));
    }
  }
}
