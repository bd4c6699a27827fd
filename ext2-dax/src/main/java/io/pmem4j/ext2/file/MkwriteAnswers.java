// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.IsolationViolation;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import java.util.List;

/**
 * What {@code page_mkwrite} and {@code pfn_mkwrite} may answer: a page behind the end of the file
 * is a bus error. Looked at when the answer is there and the handler still has its locks: under
 * {@code dax_sem} the size cannot have changed since the handler looked; without it, truncation may
 * have run in between, or the handler never looked.
 */
final class MkwriteAnswers {
  private MkwriteAnswers() {}

  /** Whether the page is behind the end of the file. */
  static boolean isBehindTheEnd(Ext2Inode inode, PageFault fault) {
    return isBehind(fault, inode.size());
  }

  private static boolean isBehind(PageFault fault, long size) {
    return fault.pgoff() >= Math.ceilDiv(size, DaxIo.PAGE_BYTES);
  }

  /**
   * Throws {@link IsolationViolation} for a success that is none. Looks at the size once more,
   * which the handler does not: in an interleaving that is this method's step, and says so.
   */
  static void oracle(Ext2Inode inode, PageFault fault, FaultResult answer) {
    long size = inode.sizeForCheck();
    if (!answer.isError() && isBehind(fault, size)) {
      throw new IsolationViolation(
          inode.toString(),
          List.of(
              "a store to page " + fault.pgoff() + " was allowed in a file of " + size + " bytes"));
    }
  }
}
