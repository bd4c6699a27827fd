// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel around the page cache of a guest: its threads that write back are watched in a trace
 * of their own, and what it does ahead of accesses is off. Readahead and fault-around fill page
 * caches and page tables by rules that are not ext2's; the model has neither.
 */
final class FlusherTrace {
  private static final String INSTANCE = "/sys/kernel/tracing/instances/flusher";
  private static final int MAX_BYTES = 65536;

  /** A line of trace_pipe: 16 columns of the task's name, a dash and its process id. */
  private static final Pattern STARTED =
      Pattern.compile(
          "^.{16}-([0-9]+) .* writeback_start: .* reason=sync\\b.*$", Pattern.MULTILINE);

  /** Bits of {@code bdi_writeback.state}: WB_writeback_running and WB_start_all. */
  private static final Pattern STATE = Pattern.compile("^state: +([0-9a-f]+)$", Pattern.MULTILINE);

  private static final long RUNNING = 1 << 1;
  private static final long START_ALL = 1 << 3;
  private static final Duration IDLE_BOUND = Duration.ofSeconds(20);

  private FlusherTrace() {}

  /** Makes a guest ready for programs without DAX; it stays so. */
  static void prepare(Guest guest) throws GuestException, BackendException {
    if (!TraceInstance.make(guest, INSTANCE)) {
      return;
    }
    new RequiredCalls()
        .succeed(
            guest,
            List.of(
                set(INSTANCE + "/events/writeback/writeback_start/enable", "1"),
                set("/sys/block/" + device(guest) + "/queue/read_ahead_kb", "0"),
                set("/sys/kernel/debug/fault_around_bytes", "4096")));
  }

  private static Request set(String path, String value) {
    return Request.of(WireOp.WRITE_FILE).withStrings(path, value);
  }

  /**
   * Waits until the thread has ended what sync(2) has it do without waiting: it would write back
   * what later operations store.
   */
  static void awaitIdle(Guest guest) throws GuestException, BackendException {
    String number = read(guest, "/sys/block/" + device(guest) + "/dev").strip();
    String stats = "/sys/kernel/debug/bdi/" + number + "/stats";
    long begin = System.nanoTime();
    while (true) {
      Matcher state = STATE.matcher(read(guest, stats));
      if (!state.find()) {
        throw BackendException.environment("guest: no state in " + stats, null);
      }
      if ((Long.parseLong(state.group(1), 16) & (RUNNING | START_ALL)) == 0) {
        return;
      }
      if (System.nanoTime() - begin > IDLE_BOUND.toNanos()) {
        throw BackendException.hang("guest: the flusher of sync(2) is busy after " + IDLE_BOUND);
      }
    }
  }

  private static String read(Guest guest, String path) throws GuestException, BackendException {
    Request request = Request.of(WireOp.READ_FILE, MAX_BYTES).withStrings(path);
    return new RequiredCalls().succeed(guest, List.of(request)).getFirst().text();
  }

  private static Path device(Guest guest) {
    return Path.of(guest.hello().device()).getFileName();
  }

  /** Returns the request that takes what the trace has gathered. */
  static Request take() {
    return Request.of(WireOp.READ_FILE, MAX_BYTES).withStrings(INSTANCE + "/trace_pipe");
  }

  /** Returns the process id of the first thread that has written back for a sync. */
  static OptionalInt firstPid(String trace) {
    Matcher started = STARTED.matcher(trace);
    return started.find()
        ? OptionalInt.of(Integer.parseInt(started.group(1)))
        : OptionalInt.empty();
  }
}
