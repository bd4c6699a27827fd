// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.Arena;
import java.util.function.Consumer;

/**
 * A thread that takes the requests of one CPU from an io_uring and answers them there, until the
 * file system is unmounted.
 */
final class RingWorker implements Runnable {
  private final FuseRing ring;
  private final FuseDispatcher dispatcher;
  private final InFlight.Slot slot;
  private final FuseSession session;
  private final HomeCpu home;
  private final int blockBytes;
  private final Consumer<String> log;

  RingWorker(
      FuseRing ring,
      FuseDispatcher dispatcher,
      InFlight inFlight,
      FuseSession session,
      HomeCpu home,
      int blockBytes,
      Consumer<String> log) {
    this.ring = ring;
    this.dispatcher = dispatcher;
    this.slot = inFlight.newSlot(ring::ping);
    this.session = session;
    this.home = home;
    this.blockBytes = blockBytes;
    this.log = log;
  }

  @Override
  public void run() {
    try (ring;
        Arena arena = Arena.ofConfined()) {
      if (session.awaitsRings()) {
        serve(new WorkerCpu(home::wanted, arena));
      }
    }
  }

  private void serve(WorkerCpu cpu) {
    FuseRequest request = ring.request();
    FuseReply reply = new FuseReply(ring.answer(), blockBytes);
    cpu.follow();
    int result = ring.registered();
    while (result >= 0) {
      if (result == FuseRing.NO_REQUEST) {
        slot.answered(ring.takePings());
        result = ring.waited();
        continue;
      }
      request.receivedInRing();
      home.requested(FuseDispatcher.bytes(request));
      cpu.follow();
      dispatcher.answer(request, reply, slot);
      slot.answered(ring.takePings());
      result = ring.answered(reply.length());
    }
    if (-result != KernelCalls.ENOTCONN && -result != KernelCalls.ECONNABORTED) {
      log.accept("/dev/fuse: io_uring: " + KernelCalls.words(-result));
    }
  }
}
