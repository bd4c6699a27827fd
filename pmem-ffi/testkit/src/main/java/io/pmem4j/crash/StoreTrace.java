// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.List;

/**
 * The recorded events of a run in the order in which they took effect, and the content of the
 * memory before them. Immutable.
 */
public final class StoreTrace {
  private final long[] initial;
  private final long byteSize;
  private final List<TraceEvent> events;

  StoreTrace(long[] initial, long byteSize, List<TraceEvent> events) {
    this.initial = initial;
    this.byteSize = byteSize;
    this.events = List.copyOf(events);
  }

  /** Returns the size of the recorded memory, in bytes. */
  public long byteSize() {
    return byteSize;
  }

  /** Returns the events. */
  public List<TraceEvent> events() {
    return events;
  }

  /** Returns a copy of the content before the first event, little-endian words. */
  long[] initial() {
    return initial.clone();
  }

  /** Returns a trace with these events inserted before the event of this index. */
  StoreTrace insert(int index, List<TraceEvent> inserted) {
    List<TraceEvent> all = new ArrayList<>(events);
    all.addAll(index, inserted);
    return new StoreTrace(initial, byteSize, all);
  }

  /** Returns a trace of other events over the same initial content. */
  StoreTrace withEvents(List<TraceEvent> others) {
    return new StoreTrace(initial, byteSize, others);
  }

  /** Returns the threads that stored, flushed or drained, at least 1. */
  int threads() {
    return 1 + events.stream().mapToInt(TraceEvent::thread).max().orElse(0);
  }

  /** Returns a number that equal runs have in common; sites and loads do not count. */
  int fingerprint() {
    int sum = Long.hashCode(byteSize);
    for (TraceEvent event : events) {
      if (event.kind() != TraceEvent.Kind.LOAD) {
        sum = 31 * sum + event.kind().name().hashCode();
        sum = 31 * sum + Long.hashCode(event.offset());
        sum = 31 * sum + Long.hashCode(event.length());
      }
    }
    return sum;
  }
}
