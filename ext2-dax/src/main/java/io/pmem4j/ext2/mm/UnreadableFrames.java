// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.OptionalLong;
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
    OptionalLong bad = firstOf(first, count);
    if (bad.isPresent()) {
      throw refused(bad.getAsLong());
    }
  }

  /** Returns the first frame of a range that is on the list; empty if there is none. */
  public OptionalLong firstOf(long first, long count) {
    if (frames.isEmpty()) {
      return OptionalLong.empty();
    }
    Long bad = frames.ceiling(first);
    return bad != null && bad < first + count ? OptionalLong.of(bad) : OptionalLong.empty();
  }

  /** Returns the error of an access to a frame. */
  public static Ext2Exception refused(long frame) {
    return new Ext2Exception(Errno.EIO, "block " + frame + " is unreadable");
  }
}
