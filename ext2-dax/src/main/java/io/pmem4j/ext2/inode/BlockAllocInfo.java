// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.alloc.ReservationWindow;

/**
 * The last allocation of a regular file, and its window: {@code ext2_block_alloc_info}. It exists
 * from the first allocation on until the inode leaves memory. Changed under {@code truncate_mutex}.
 */
final class BlockAllocInfo {
  private final ReservationWindow window;
  private long lastLogicalBlock;
  private long lastPhysicalBlock;

  BlockAllocInfo(ReservationWindow window) {
    this.window = window;
  }

  /** Returns the window that the file's blocks are allocated from. */
  ReservationWindow window() {
    return window;
  }

  /** Returns true if a block of the file follows the last one that was allocated. */
  boolean isNext(long fileBlock) {
    return fileBlock == lastLogicalBlock + 1 && lastPhysicalBlock != 0;
  }

  /** Returns the block behind the last one that was allocated. */
  long nextPhysicalBlock() {
    return lastPhysicalBlock + 1;
  }

  /** Remembers the last block of an allocation. */
  void allocated(long fileBlock, long block) {
    lastLogicalBlock = fileBlock;
    lastPhysicalBlock = block;
  }
}
