// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The trace buffer of a file system: the last events in the order in which they happened.
 * Thread-safe. Bounded: when nobody drains it, the oldest events are lost, and counted.
 */
public final class FaultTrace {
  private static final int CAPACITY = 65_536;

  private final Deque<FaultEvent> events = new ArrayDeque<>();
  private long lost;

  /** An empty buffer. */
  public FaultTrace() {}

  synchronized void add(FaultEvent event) {
    if (events.size() == CAPACITY) {
      events.removeFirst();
      lost++;
    }
    events.addLast(event);
  }

  /** Takes all events out. */
  public synchronized List<FaultEvent> drain() {
    List<FaultEvent> drained = new ArrayList<>(events);
    events.clear();
    return drained;
  }

  /** Returns the number of events that were dropped because no task drained them. */
  public synchronized long lost() {
    return lost;
  }
}
