// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The inodes that a kernel allocates, in a trace of their own. An mkdir(2) that finds an inode and
 * no block leaves no name by which it could be asked for its group.
 */
final class NewInodeTrace {
  private static final String INSTANCE = "/sys/kernel/tracing/instances/new-inodes";
  private static final int MAX_BYTES = 65536;

  /** The first time that {@code ext2_new_inode} marks an inode dirty, others do not see it yet. */
  private static final Pattern MADE =
      Pattern.compile("writeback_mark_inode_dirty: bdi \\S+: ino=([0-9]+) state=\\S*I_NEW");

  private NewInodeTrace() {}

  /** Makes a guest ready; it stays so. */
  static void prepare(Guest guest) throws GuestException, BackendException {
    if (!TraceInstance.make(guest, INSTANCE)) {
      return;
    }
    String enable = INSTANCE + "/events/writeback/writeback_mark_inode_dirty/enable";
    new RequiredCalls()
        .succeed(guest, List.of(Request.of(WireOp.WRITE_FILE).withStrings(enable, "1")));
  }

  /**
   * Returns the request that empties the trace: calls before may have left more than one answer.
   */
  static Request clear() {
    return Request.of(WireOp.WRITE_FILE).withStrings(INSTANCE + "/trace", "");
  }

  /** Returns the request that takes what the trace has gathered. */
  static Request take() {
    return Request.of(WireOp.READ_FILE, MAX_BYTES).withStrings(INSTANCE + "/trace_pipe");
  }

  /** Returns the last inode that was allocated. */
  static OptionalLong last(String trace) {
    OptionalLong last = OptionalLong.empty();
    Matcher made = MADE.matcher(trace);
    while (made.find()) {
      last = OptionalLong.of(Long.parseLong(made.group(1)));
    }
    return last;
  }
}
