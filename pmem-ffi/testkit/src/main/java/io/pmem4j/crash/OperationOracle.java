// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * A check that needs no assertion of the user: each operation is there as a whole or not at all,
 * and each acknowledged one is there. What recovery finds after a crash equals what it finds
 * without a crash after as many operations as were acknowledged, or after more. An operation ends
 * with its {@link RecordedMemory#acknowledge}. For runs of one thread. Source: durable
 * linearizability (Izraelevitz and others, DISC 2016), decided by output equivalence (Witcher, SOSP
 * 2021).
 */
public final class OperationOracle implements CrashCheck {
  private final CrashView view;

  /** The views without a crash, after each number of acknowledgements, and at the end. */
  private final List<Object> views = new ArrayList<>();

  private OperationOracle(CrashView view) {
    this.view = view;
  }

  /**
   * Returns the check for a trace.
   *
   * @throws Throwable thrown by the view without a crash
   */
  public static OperationOracle of(StoreTrace trace, CrashView view) throws Throwable {
    OperationOracle oracle = new OperationOracle(view);
    long[] image = trace.initial();
    oracle.addView(image, trace);
    for (TraceEvent event : trace.events()) {
      if (event.kind() == TraceEvent.Kind.STORE && event.length() > 0) {
        apply(event, image);
      } else if (event.kind() == TraceEvent.Kind.ACKNOWLEDGE
          || event.kind() == TraceEvent.Kind.CREATE) {
        oracle.addView(image, trace);
      }
    }
    oracle.addView(image, trace);
    return oracle;
  }

  private static void apply(TraceEvent store, long[] image) {
    int last = (int) ((store.offset() + store.length() - 1) / Long.BYTES);
    for (int word = (int) (store.offset() / Long.BYTES); word <= last; word++) {
      image[word] = (image[word] & ~store.mask(word)) | store.bits(word);
    }
  }

  private void addView(long[] image, StoreTrace trace) throws Throwable {
    long bytes = trace.byteSize();
    views.add(view.view(new HeapMemory(image.clone(), bytes, CrashMode.X86.granularity())));
  }

  @Override
  public void check(PersistentMemory memory, Acknowledgements acknowledged) throws Throwable {
    Object found = view.view(memory);
    int done = acknowledged.count();
    if (!views.subList(done, views.size()).contains(found)) {
      Object before = views.get(done);
      Object after = views.get(Math.min(done + 1, views.size() - 1));
      throw new IllegalStateException(
          "found "
              + found
              + (views.contains(found)
                  ? ": an acknowledged operation is lost; expected "
                  : ": no state between two operations; expected ")
              + before
              + (before.equals(after) ? "" : " or " + after));
    }
  }
}
