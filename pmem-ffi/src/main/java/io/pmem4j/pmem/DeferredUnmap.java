// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Unmaps what was still in use when its arena had waited long enough: a write-back that a disk
 * takes seconds for. A daemon thread looks until the last use has ended; it lives as long as there
 * is such a mapping. Thread-safe.
 */
final class DeferredUnmap {
  private static final long LOOK_AGAIN_MILLIS = 10;

  private record Waiting(UseGuard guard, Runnable unmap) {}

  private static final List<Waiting> WAITING = new ArrayList<>();
  private static @Nullable Thread thread;

  private DeferredUnmap() {}

  /** Runs {@code unmap} when nothing uses the guard any more. */
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
        // Nobody has this thread to interrupt it; it goes on.
      }
    }
  }

  /** Returns whether there are mappings left. */
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
