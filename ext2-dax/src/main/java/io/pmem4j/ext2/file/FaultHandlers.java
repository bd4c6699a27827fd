// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.FaultHandler;

/** Makes the fault handler of an open file. */
@FunctionalInterface
public interface FaultHandlers {
  /** Returns the handler for faults on the mappings of a file. */
  FaultHandler of(Ext2Inode inode);
}
