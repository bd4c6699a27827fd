// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.concurrent.CountDownLatch;

/** The agreement of a mount and the kernel, made by the first request, INIT. Thread-safe. */
final class FuseSession {
  private final boolean wantsAcls;
  private final boolean hasRings;
  private final CountDownLatch settled = new CountDownLatch(1);

  private volatile boolean extendedSetxattr;
  private volatile boolean overRings;

  /**
   * Makes the state before INIT.
   *
   * @param wantsAcls true for a mount with access control lists
   * @param hasRings true if workers with an io_uring are ready
   */
  FuseSession(boolean wantsAcls, boolean hasRings) {
    this.wantsAcls = wantsAcls;
    this.hasRings = hasRings;
  }

  boolean wantsAcls() {
    return wantsAcls;
  }

  boolean hasRings() {
    return hasRings;
  }

  /** The answer to INIT says what will be used. */
  void agree(boolean setxattrHasFlags, boolean requestsComeOverRings) {
    extendedSetxattr = setxattrHasFlags;
    overRings = requestsComeOverRings;
  }

  /** Returns true if SETXATTR has flags of its own. */
  boolean extendedSetxattr() {
    return extendedSetxattr;
  }

  /** The kernel has the answer to INIT, or there is no connection any more. */
  void settled() {
    settled.countDown();
  }

  /** Waits for INIT; returns true if the kernel will send requests over rings. */
  boolean awaitsRings() {
    try {
      settled.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return overRings;
  }
}
