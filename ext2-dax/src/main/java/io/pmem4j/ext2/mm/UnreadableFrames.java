// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * The frames of one memory that are known to be unreadable: the list of block/badblocks.c that the
 * pmem driver asks. Thread-safe.
 *
 * <p>The list decides about the next access only. A page table that shows a frame goes on showing
 * it, and stores do not take a frame off the list: an emulated module cannot clear errors.
 */
public final class UnreadableFrames {
  private final ConcurrentSkipListSet<Long> frames = new ConcurrentSkipListSet<>();

  /** Every frame is readable. */
  public UnreadableFrames() {}

  /** Puts a frame on the list. */
  public void add(long frame) {
    frames.add(frame);
  }

  /**
   * {@code dax_direct_access}, which fails as a whole when one frame of the range is on the list.
   *
   * @throws Ext2Exception EIO naming the frame
   */
  public void requireReadable(long first, long count) throws Ext2Exception {
    if (frames.isEmpty()) {
      return;
    }
    Long bad = frames.ceiling(first);
    if (bad != null && bad < first + count) {
      throw new Ext2Exception(Errno.EIO, "block " + bad + " is unreadable");
    }
  }
}
