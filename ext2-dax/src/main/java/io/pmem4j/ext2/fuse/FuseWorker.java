// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * A thread that reads requests from {@code /dev/fuse} and writes the answers there, until the file
 * system is unmounted. Where requests come over {@link FuseRing}, those without an answer are left.
 */
final class FuseWorker implements Runnable {
  private static final int BUFFER_BYTES = FuseInit.MAX_WRITE + 4096;

  private final int device;
  private final FuseDispatcher dispatcher;
  private final InFlight.Slot slot;
  private final FuseSession session;
  private final ClientCpu client;
  private final int blockBytes;
  private final Consumer<String> log;

  FuseWorker(
      int device,
      FuseDispatcher dispatcher,
      InFlight inFlight,
      FuseSession session,
      ClientCpu client,
      int blockBytes,
      Consumer<String> log) {
    this.device = device;
    this.dispatcher = dispatcher;
    this.slot = inFlight.newSlot();
    this.session = session;
    this.client = client;
    this.blockBytes = blockBytes;
    this.log = log;
  }

  @Override
  public void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(BUFFER_BYTES, Long.BYTES);
      FuseRequest request = new FuseRequest(in);
      FuseReply reply = new FuseReply(arena.allocate(BUFFER_BYTES, Long.BYTES), blockBytes);
      WorkerCpu cpu = new WorkerCpu(client::wanted, arena);
      while (true) {
        long length = KernelCalls.read(device, in);
        if (length >= 0) {
          request.received(length);
          if (FuseDispatcher.isWaitedFor(request)) {
            client.requested(request.thread(), FuseDispatcher.bytes(request));
            cpu.follow();
          }
          dispatcher.answer(request, reply, slot);
          give(request, reply);
        } else if (isEnd((int) -length)) {
          return;
        }
      }
    } finally {
      session.settled();
    }
  }

  /** Returns true if there will be no request any more. */
  private boolean isEnd(int errno) {
    return switch (errno) {
      // ENOENT: the request was taken back while it was read.
      case KernelCalls.EINTR, KernelCalls.EAGAIN, KernelCalls.ENOENT -> false;
      case KernelCalls.ENODEV, KernelCalls.ECONNABORTED -> true;
      default -> {
        log.accept("/dev/fuse: read: " + KernelCalls.words(errno));
        yield true;
      }
    };
  }

  private void give(FuseRequest request, FuseReply reply) {
    if (!request.isWhole() || !FuseDispatcher.hasAnswer(request.opcode())) {
      return;
    }
    long written = KernelCalls.write(device, reply.buffer(), reply.length());
    if (written < 0 && -written != KernelCalls.ENOENT && -written != KernelCalls.ENODEV) {
      log.accept("request " + request.opcode() + ": answer: " + KernelCalls.words((int) -written));
    }
    if (request.opcode() == Opcode.INIT) {
      session.settled();
    }
  }
}
