// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code page_ref_count} of the frames of one memory, as far as devices hold them, or faults that
 * have found a frame and not mapped it yet. Thread-safe.
 *
 * <p>What a device does to a frame conflicts with what the file system does to it, although no lock
 * and no page table says so: {@link #storing} is where an explorer sees that.
 */
public final class PinnedFrames {
  private final Map<Long, Integer> counts = new ConcurrentHashMap<>();
  private final AtomicInteger warnings = new AtomicInteger();
  private final SharedState contents;

  /** Nothing is pinned. */
  public PinnedFrames(Scheduler scheduler) {
    this.contents = new SharedState(scheduler, StateKind.PINNED_FRAMES);
  }

  void pin(long frame) {
    counts.merge(frame, 1, Integer::sum);
  }

  void unpin(long frame) {
    counts.computeIfPresent(frame, (_, count) -> count == 1 ? null : count - 1);
  }

  /**
   * Counts a use by a fault that has looked a frame up, while no lock keeps the frame in the file.
   */
  public HeldLock inUse(long frame) {
    pin(frame);
    return () -> unpin(frame);
  }

  /** The file system, holding no monitor, is about to load from a frame. */
  public void loading(long frame) {
    if (isPinned(frame)) {
      contents.load();
    }
  }

  /** Returns the state that a device and the file system may access at the same time. */
  SharedState contents() {
    return contents;
  }

  /** Returns true if a device holds a frame. */
  public boolean isPinned(long frame) {
    return counts.containsKey(frame);
  }

  /** The file system, holding no monitor, is about to store to frames. */
  public void storing(long firstFrame, long frames) {
    if (counts.isEmpty()) {
      return;
    }
    for (long frame = firstFrame; frame < firstFrame + frames; frame++) {
      if (isPinned(frame)) {
        contents.store();
        return;
      }
    }
  }

  /**
   * {@code dax_disassociate_entry}: truncation takes a frame away, in use or not. In use, the
   * kernel warns and goes on: ext2 waits for nobody.
   */
  public void truncating(long firstFrame, long frames) {
    for (long frame = firstFrame; !counts.isEmpty() && frame < firstFrame + frames; frame++) {
      if (isPinned(frame)) {
        warnings.incrementAndGet();
      }
    }
  }

  /** Returns the number of frames that were truncated while a device held them. */
  public int truncatedWhilePinned() {
    return warnings.get();
  }
}
