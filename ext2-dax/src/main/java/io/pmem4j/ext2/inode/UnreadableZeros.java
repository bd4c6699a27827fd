// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.BlockRun;
import io.pmem4j.ext2.mm.UnreadableFrames;
import io.pmem4j.ext2.volume.Volume;
import java.util.OptionalLong;

/**
 * Zeroing new blocks of which some are unreadable. An unreadable block that was freed is given out
 * again like any other. The block that {@code pmem_do_write} fails to clear has afterwards:
 */
public enum UnreadableZeros {
  /** Linux 5.10: zeros, which the driver stores before it asks the module. */
  LINUX_5_10,
  /** Later: what it had. */
  LINUX_6_1;

  /** BIO_MAX_PAGES: of one bio, which ends at its first unreadable block. */
  private static final int BIO_BLOCKS = 256;

  static UnreadableZeros of(Volume volume) {
    return volume.instrumentation().variation().part(UnreadableZeros.class, LINUX_5_10);
  }

  /**
   * {@code sb_issue_zeroout} over a run with an unreadable block. All its blocks stay taken: {@code
   * ext2_get_blocks} gives none back.
   *
   * @throws Ext2Exception EIO if there is one
   */
  void requireZeroable(Volume volume, BlockRun run) throws Ext2Exception {
    UnreadableFrames unreadable = volume.unreadable();
    OptionalLong refused = unreadable.firstOf(run.first(), run.count());
    if (refused.isEmpty()) {
      return;
    }
    long end = run.first() + run.count();
    for (long first = run.first(); first < end; first += BIO_BLOCKS) {
      long last = Math.min(end, first + BIO_BLOCKS);
      OptionalLong bad = unreadable.firstOf(first, last - first);
      long to = bad.isEmpty() ? last : bad.getAsLong() + (this == LINUX_5_10 ? 1 : 0);
      if (to > first) {
        long offset = volume.geometry().offsetOf(first);
        long length = volume.geometry().offsetOf(to - first);
        volume.pins().storing(first, to - first);
        volume.memory().fill(offset, length, (byte) 0);
        volume.memory().flush(offset, length);
      }
    }
    throw UnreadableFrames.refused(refused.getAsLong());
  }
}
