// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * An io_uring through which one worker takes requests of one CPU, and answers them: each call of
 * {@link #answered} commits an answer and waits for the next request. Belongs to that worker, but
 * for {@link #ping} and {@link #close}.
 *
 * <p>The ring has a single entry, so that the kernel gives a worker no request that would wait
 * behind another. Sources: Documentation/filesystems/fuse/fuse-io-uring.rst, fs/fuse/dev_uring.c
 * and io_uring/msg_ring.c of Linux 6.18.
 */
final class FuseRing implements AutoCloseable {
  /** The result of a wait that pings have ended. */
  static final int NO_REQUEST = 1;

  private static final int SETUP_CQSIZE = 1 << 3;
  private static final int SETUP_R_DISABLED = 1 << 6;
  private static final int SETUP_SQE128 = 1 << 10;
  private static final int SETUP_SINGLE_ISSUER = 1 << 12;
  private static final int SETUP_DEFER_TASKRUN = 1 << 13;

  private static final long OFFSET_SQES = 0x10000000;
  private static final int ENTER_GETEVENTS = 1;
  private static final int REGISTER_ENABLE_RINGS = 12;
  private static final int REGISTER_SEND_MSG_RING = 31;
  private static final byte OP_MSG_RING = 40;
  private static final byte OP_URING_CMD = 46;

  private static final int CMD_REGISTER = 1;
  private static final int CMD_COMMIT_AND_FETCH = 2;

  /** Events of this kind have a request, or the reason why there is none. */
  private static final long REQUEST = 0;

  private static final long PING = 1;

  /** One request, and pings. The kernel keeps those that do not fit. */
  private static final int EVENTS = 16;

  private static final int PAGE_BYTES = 4096;
  private static final long IOVEC_BYTES = 16;

  private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

  private final int fd;
  private final Arena arena;
  private final MemorySegment ring;
  private final MemorySegment entry;
  private final MemorySegment headers;
  private final MemorySegment answer;
  private final long tailOfEntries;
  private final long headOfEvents;
  private final long tailOfEvents;
  private final long events;
  private final int mostEvents;

  private int submitted;
  private int taken;
  private int pings;
  private int result;

  /** Guarded by this. */
  private boolean closed;

  private FuseRing(
      int fd,
      Arena arena,
      MemorySegment parameters,
      MemorySegment ring,
      MemorySegment entry,
      MemorySegment headers,
      MemorySegment answer) {
    this.fd = fd;
    this.arena = arena;
    this.ring = ring;
    this.entry = entry;
    this.headers = headers;
    this.answer = answer;
    this.tailOfEntries = word(parameters, FuseRingStructs.PARAMS_SQ_TAIL);
    this.headOfEvents = word(parameters, FuseRingStructs.PARAMS_CQ_HEAD);
    this.tailOfEvents = word(parameters, FuseRingStructs.PARAMS_CQ_TAIL);
    this.events = word(parameters, FuseRingStructs.PARAMS_CQES);
    this.mostEvents = word(parameters, FuseRingStructs.PARAMS_CQ_ENTRIES);
  }

  /**
   * Makes a ring for the requests of a CPU, with all the memory that it will need.
   *
   * @param device {@code /dev/fuse} of the mount
   * @param payloadBytes the most bytes of names and data of a request, and of an answer
   * @return the ring, or null if the kernel gives none
   */
  @SuppressWarnings("MustBeClosedChecker") // The ring closes it, or it is closed here.
  static @Nullable FuseRing open(int device, int cpu, int payloadBytes) {
    Arena arena = Arena.ofShared();
    MemorySegment parameters = arena.allocate(FuseRingStructs.PARAMS);
    parameters.set(ValueLayout.JAVA_INT, FuseRingStructs.PARAMS_CQ_ENTRIES, EVENTS);
    parameters.set(
        ValueLayout.JAVA_INT,
        FuseRingStructs.PARAMS_FLAGS,
        SETUP_CQSIZE | SETUP_R_DISABLED | SETUP_SQE128 | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN);
    int fd = KernelCalls.ioUringSetup(1, parameters);
    FuseRing made = fd < 0 ? null : of(fd, arena, parameters, payloadBytes);
    if (made == null) {
      if (fd >= 0) {
        KernelCalls.close(fd);
      }
      arena.close();
      return null;
    }
    made.prepare(device, cpu);
    return made;
  }

  private static @Nullable FuseRing of(
      int fd, Arena arena, MemorySegment parameters, int payloadBytes) {
    long entries = word(parameters, FuseRingStructs.PARAMS_SQ_ENTRIES);
    long ringBytes =
        Math.max(
            word(parameters, FuseRingStructs.PARAMS_CQES)
                + word(parameters, FuseRingStructs.PARAMS_CQ_ENTRIES)
                    * FuseRingStructs.CQE.byteSize(),
            word(parameters, FuseRingStructs.PARAMS_SQ_ARRAY) + entries * Integer.BYTES);
    MemorySegment ring = KernelCalls.map(fd, 0, ringBytes, arena);
    MemorySegment sqes =
        KernelCalls.map(fd, OFFSET_SQES, entries * FuseRingStructs.SQE128_BYTES, arena);
    // The payload begins at a page, and the header of an answer right before it.
    MemorySegment memory = KernelCalls.mapAnonymous(2L * PAGE_BYTES + payloadBytes, arena);
    if (ring == null || sqes == null || memory == null) {
      return null;
    }
    return new FuseRing(
        fd,
        arena,
        parameters,
        ring,
        sqes,
        memory.asSlice(0, FuseRingStructs.REQ_HEADER.byteSize()),
        memory.asSlice(
            2L * PAGE_BYTES - FuseReply.HEADER_BYTES, FuseReply.HEADER_BYTES + payloadBytes));
  }

  private static int word(MemorySegment parameters, long at) {
    return parameters.get(ValueLayout.JAVA_INT, at);
  }

  private void prepare(int device, int cpu) {
    MemorySegment payload = payload();
    MemorySegment parts = arena.allocate(2 * IOVEC_BYTES, Long.BYTES);
    parts.setAtIndex(ValueLayout.JAVA_LONG, 0, headers.address());
    parts.setAtIndex(ValueLayout.JAVA_LONG, 1, headers.byteSize());
    parts.setAtIndex(ValueLayout.JAVA_LONG, 2, payload.address());
    parts.setAtIndex(ValueLayout.JAVA_LONG, 3, payload.byteSize());
    entry.set(ValueLayout.JAVA_BYTE, FuseRingStructs.SQE_OPCODE, OP_URING_CMD);
    entry.set(ValueLayout.JAVA_INT, FuseRingStructs.SQE_FD, device);
    entry.set(ValueLayout.JAVA_INT, FuseRingStructs.SQE_CMD_OP, CMD_REGISTER);
    entry.set(ValueLayout.JAVA_LONG, FuseRingStructs.SQE_ADDR, parts.address());
    entry.set(ValueLayout.JAVA_INT, FuseRingStructs.SQE_LEN, 2);
    entry.set(ValueLayout.JAVA_LONG, FuseRingStructs.SQE_USER_DATA, REQUEST);
    entry.set(
        ValueLayout.JAVA_SHORT, FuseRingStructs.SQE_CMD + FuseRingStructs.CMD_REQ_QID, (short) cpu);
  }

  /** Returns the request that {@link #registered} or {@link #answered} waited for. */
  FuseRequest request() {
    return FuseRequest.inRing(headers, payload());
  }

  /** Returns the memory of an answer, which is that of the request's names and data too. */
  MemorySegment answer() {
    return answer;
  }

  private MemorySegment payload() {
    return answer.asSlice(FuseReply.HEADER_BYTES);
  }

  /**
   * Makes the calling thread the worker, registers it with the kernel and waits for a request.
   *
   * @return 0, {@link #NO_REQUEST}, or a negative errno if there will be no request any more
   */
  int registered() {
    int enabled = KernelCalls.ioUringRegister(fd, REGISTER_ENABLE_RINGS, 0, 0);
    return enabled < 0 ? enabled : next();
  }

  /**
   * Gives an answer to the kernel and waits for the next request.
   *
   * @param length the bytes of the answer, with its header
   * @return 0, {@link #NO_REQUEST}, or a negative errno if there will be no request any more
   */
  int answered(long length) {
    MemorySegment.copy(answer, 0, headers, 0, FuseReply.HEADER_BYTES);
    headers.set(
        ValueLayout.JAVA_INT,
        FuseRingStructs.REQ_HEADER_PAYLOAD_SZ,
        (int) (length - FuseReply.HEADER_BYTES));
    entry.set(ValueLayout.JAVA_INT, FuseRingStructs.SQE_CMD_OP, CMD_COMMIT_AND_FETCH);
    entry.set(
        ValueLayout.JAVA_LONG,
        FuseRingStructs.SQE_CMD + FuseRingStructs.CMD_REQ_COMMIT_ID,
        headers.get(ValueLayout.JAVA_LONG, FuseRingStructs.REQ_HEADER_COMMIT_ID));
    return next();
  }

  private int next() {
    submitted++;
    WORD.setRelease(ring, tailOfEntries, submitted);
    return await(1);
  }

  /** Waits on, after pings have ended a wait without a request. */
  int waited() {
    return await(0);
  }

  /** Submits what is to be submitted, and waits for events: a request, pings or both. */
  private int await(int toSubmit) {
    int left = toSubmit;
    while (true) {
      int done = KernelCalls.ioUringEnter(fd, left, 1, ENTER_GETEVENTS);
      if (done >= 0) {
        left -= done;
      } else if (done != -KernelCalls.EINTR
          && done != -KernelCalls.EAGAIN
          && done != -KernelCalls.EBUSY) {
        return done;
      }
      if (takesEvents()) {
        return result;
      }
    }
  }

  /** Takes all events; false if there is none. */
  private boolean takesEvents() {
    int end = (int) WORD.getAcquire(ring, tailOfEvents);
    if (taken == end) {
      return false;
    }
    result = NO_REQUEST;
    while (taken != end) {
      long at = events + (taken & mostEvents - 1) * FuseRingStructs.CQE.byteSize();
      if (ring.get(ValueLayout.JAVA_LONG, at + FuseRingStructs.CQE_USER_DATA) == PING) {
        pings++;
      } else {
        result = ring.get(ValueLayout.JAVA_INT, at + FuseRingStructs.CQE_RES);
      }
      taken++;
    }
    WORD.setRelease(ring, headOfEvents, taken);
    return true;
  }

  /** Returns the number of pings since the last call. */
  int takePings() {
    int all = pings;
    pings = 0;
    return all;
  }

  /**
   * Sends the worker an event that it sees after every request that the kernel has sent it so far.
   *
   * @return false if it takes no requests any more
   */
  synchronized boolean ping() {
    if (closed) {
      return false;
    }
    try (Arena call = Arena.ofConfined()) {
      MemorySegment message = call.allocate(FuseRingStructs.SQE);
      message.set(ValueLayout.JAVA_BYTE, FuseRingStructs.SQE_OPCODE, OP_MSG_RING);
      message.set(ValueLayout.JAVA_INT, FuseRingStructs.SQE_FD, fd);
      message.set(ValueLayout.JAVA_LONG, FuseRingStructs.SQE_OFF, PING);
      return KernelCalls.ioUringRegister(-1, REGISTER_SEND_MSG_RING, message.address(), 1) >= 0;
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      KernelCalls.close(fd);
      arena.close();
    }
  }
}
