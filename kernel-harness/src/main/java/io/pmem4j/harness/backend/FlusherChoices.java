// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Syscall;
import java.util.HashMap;
import java.util.Map;

/**
 * The process ids of the kernel's threads that have written back for sync(2) and its like. Without
 * DAX a store through a mapping gets its block then, and the block's place depends on the id of the
 * thread that allocates it. Any kworker may serve, so the model takes the one that did. The first
 * kernel that writes back is followed.
 *
 * <p>An operation that waits for the thread is known by its number. Used by one thread after the
 * other.
 */
public final class FlusherChoices {
  /** The number of the unmount after the last operation. */
  public static final int UNMOUNT = -1;

  /** The kworker that most often serves in a guest. */
  private static final int USUAL_PID = 7;

  private final Map<Integer, Integer> pids = new HashMap<>();

  private volatile int running = USUAL_PID;

  /** The same choices. */
  FlusherChoices copy() {
    FlusherChoices copy = new FlusherChoices();
    copy.pids.putAll(pids);
    return copy;
  }

  /** Returns whether an operation has the kernel's thread write back, and waits for it. */
  public static boolean wakesFlusher(Operation operation) {
    return switch (operation) {
      case Operation.In in -> wakesFlusher(in.operation());
      case Operation.Begin begin -> wakesFlusher(begin.operation());
      case Operation.Remount _ -> true;
      case Operation.Call call ->
          call.syscall() == Syscall.SYNC
              || call.syscall() == Syscall.SYNCFS
              || call.syscall() == Syscall.FREEZE;
      default -> false;
    };
  }

  /**
   * Records the thread that has written back.
   *
   * @param number counts the operations that {@link #wakesFlusher} from 0, or {@link #UNMOUNT}
   */
  public void wrote(int number, int pid) {
    pids.putIfAbsent(number, pid);
  }

  /** Begins the model's operation of a number. */
  public void begin(int number) {
    running = pids.getOrDefault(number, USUAL_PID);
  }

  /** Returns the process id that writes back now. */
  public int pid() {
    return running;
  }
}
