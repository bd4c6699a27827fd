// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The time for which a client's forgetting of each inode is waited for. It begins when somebody
 * first waits and ends for good: a program may refer to a file by O_PATH as long as it likes. Not
 * thread-safe.
 */
final class ForgetDeadlines {
  /** On a machine with much to do a client may need a part of this to forget at once. */
  static final long NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier nanoTime;
  private final Map<Integer, Long> deadlines = new HashMap<>();

  ForgetDeadlines(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Returns true while it is worth waiting for an inode, now and by earlier calls. */
  boolean awaits(int ino) {
    long now = nanoTime.getAsLong();
    return now - deadlines.computeIfAbsent(ino, _ -> now + NANOS) < 0;
  }

  /** Begins anew with an inode: it was forgotten, or has a user. */
  void remove(int ino) {
    deadlines.remove(ino);
  }
}
