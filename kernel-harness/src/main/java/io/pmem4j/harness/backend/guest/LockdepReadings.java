// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lock graphs of the kernels of one backend. A kernel's graph goes with the kernel, so that of
 * a kernel that is cut off is read before. Used by one thread.
 */
final class LockdepReadings {
  private static final int MAX_BYTES = 4_000_000;

  /** The graphs of kernels that were ended, since the last question; null while none is asked. */
  private @Nullable List<String> ended;

  /** Returns the graphs of the kernels since the last call, and has those to come kept. */
  List<String> next(@Nullable Guest running) throws GuestException {
    List<String> graphs = ended == null ? new ArrayList<>() : ended;
    ended = new ArrayList<>();
    if (running != null) {
      graphs.add(read(running));
    }
    return graphs;
  }

  /** Keeps no graph from now on. */
  void stop() {
    ended = null;
  }

  /** Keeps the graph of a kernel in order that is about to be ended. */
  void beforeTheEndOf(@Nullable Guest running) throws GuestException {
    if (ended != null && running != null) {
      ended.add(read(running));
    }
  }

  /** Takes note of a kernel that can no longer be asked. */
  void lost(@Nullable Guest failed) {
    Forgiveness.LOCKDEP_LOST.forgives(ended != null && failed != null);
  }

  private static String read(Guest guest) throws GuestException {
    return guest
        .request(Request.of(WireOp.READ_FILE, MAX_BYTES).withStrings("/proc/lockdep"))
        .text();
  }
}
