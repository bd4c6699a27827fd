// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The end of this JVM, for which a thread can wait. */
final class JvmEnd {
  /** Counted down by a shutdown hook, when a signal or a call of exit ends the JVM. */
  private static final CountDownLatch BEGUN = new CountDownLatch(1);

  static {
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(BEGUN::countDown, "pmem4j-jvm-end"));
    } catch (IllegalStateException hasBegun) {
      BEGUN.countDown();
    }
  }

  private JvmEnd() {}

  /**
   * Waits until the JVM begins to end, and then for its end, in which this thread ends too. Returns
   * only if one of the two takes longer.
   *
   * @param limit the longest time of each
   */
  static void await(Duration limit) throws InterruptedException {
    if (BEGUN.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      Thread.currentThread().join(limit); // no thread outlives the JVM
    }
  }
}
