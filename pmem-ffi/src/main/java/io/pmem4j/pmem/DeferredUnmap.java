// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The deferred unmap of mappings that were still in use when their arena stopped waiting, as by a
 * write-back to a slow disk. A daemon thread polls until the last use has ended. It lives as long
 * as there is such a mapping. Thread-safe.
 */
final class DeferredUnmap {
  private static final long LOOK_AGAIN_MILLIS = 10;

  private record Waiting(UseGuard guard, Runnable unmap) {}

  private static final List<Waiting> WAITING = new ArrayList<>();
  private static @Nullable Thread thread;

  private DeferredUnmap() {}

  /** Runs {@code unmap} when the guard is idle. */
  static synchronized void whenIdle(UseGuard guard, Runnable unmap) {
    WAITING.add(new Waiting(guard, unmap));
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name("pmem4j-deferred-unmap").start(DeferredUnmap::run);
    }
  }

  private static void run() {
    while (unmapTheIdle()) {
      try {
        Thread.sleep(LOOK_AGAIN_MILLIS);
      } catch (InterruptedException ignored) {
        // No other code has a reference to this thread; it goes on.
      }
    }
  }

  /** Unmaps idle mappings; returns true if others are left. */
  private static synchronized boolean unmapTheIdle() {
    for (Iterator<Waiting> each = WAITING.iterator(); each.hasNext(); ) {
      Waiting waiting = each.next();
      if (waiting.guard().isIdle()) {
        each.remove();
        waiting.unmap().run();
      }
    }
    if (WAITING.isEmpty()) {
      thread = null;
      return false;
    }
    return true;
  }
}
