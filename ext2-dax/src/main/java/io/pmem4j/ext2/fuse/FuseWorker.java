// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * A thread that reads requests and answers them, until the file system is unmounted. Whatever goes
 * wrong in a request is the answer to it and not the end of the worker.
 */
final class FuseWorker implements Runnable {
  private static final int BUFFER_BYTES = FuseInit.MAX_WRITE + 4096;

  private final int device;
  private final NameRequests names;
  private final FileRequests files;
  private final XattrRequests xattrs;
  private final int blockBytes;
  private final InFlight.Slot slot;
  private final PeriodicSync sync;
  private final ClientCpu client;
  private final Consumer<String> log;

  FuseWorker(
      int device,
      int blockBytes,
      NameRequests names,
      FileRequests files,
      XattrRequests xattrs,
      InFlight inFlight,
      PeriodicSync sync,
      ClientCpu client,
      Consumer<String> log) {
    this.device = device;
    this.blockBytes = blockBytes;
    this.names = names;
    this.files = files;
    this.xattrs = xattrs;
    this.slot = inFlight.newSlot();
    this.sync = sync;
    this.client = client;
    this.log = log;
  }

  @Override
  public void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(BUFFER_BYTES, Long.BYTES);
      FuseRequest request = new FuseRequest(in);
      FuseReply reply = new FuseReply(arena.allocate(BUFFER_BYTES, Long.BYTES), blockBytes);
      WorkerCpu cpu = new WorkerCpu(client, arena);
      while (true) {
        long length = KernelCalls.read(device, in);
        if (length >= 0) {
          request.received(length);
          if (isWaitedFor(request)) {
            client.requested(request.thread(), bytes(request));
            cpu.follow();
          }
          slot.begin();
          serve(request, reply);
          slot.end();
          sync.changed();
        } else if (isEnd((int) -length)) {
          return;
        }
      }
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

  private void serve(FuseRequest request, FuseReply reply) {
    if (!request.isWhole()) {
      log.accept("/dev/fuse: a request of the wrong length");
      return;
    }
    int error;
    FuseCaller.set(request);
    try {
      error = dispatchOnSpace(request, reply);
    } catch (Ext2Exception e) {
      error = e.errno().number();
    } catch (Exception | Error e) {
      log.accept("request " + request.opcode() + " on node " + request.node() + ": " + e);
      error = KernelCalls.EIO;
    }
    if (hasAnswer(request.opcode())) {
      reply.finish(request.unique(), error);
      long written = KernelCalls.write(device, reply.buffer(), reply.length());
      if (written < 0 && -written != KernelCalls.ENOENT && -written != KernelCalls.ENODEV) {
        log.accept(
            "request " + request.opcode() + ": answer: " + KernelCalls.words((int) -written));
      }
    }
  }

  /** Returns true for what a thread cannot go on without. */
  private static boolean isWaitedFor(FuseRequest request) {
    return request.isWhole()
        && switch (request.opcode()) {
          case Opcode.FORGET,
              Opcode.BATCH_FORGET,
              Opcode.INTERRUPT,
              Opcode.RELEASE,
              Opcode.RELEASEDIR,
              Opcode.INIT,
              Opcode.DESTROY ->
              false;
          default -> request.thread() != 0;
        };
  }

  /** Returns the bytes of a request or of its answer, whichever is larger. */
  private static long bytes(FuseRequest request) {
    return request.opcode() == Opcode.READ
        ? Integer.toUnsignedLong(request.u32(FuseStructs.READ_IN_SIZE))
        : request.length();
  }

  private static boolean hasAnswer(int opcode) {
    return opcode != Opcode.FORGET && opcode != Opcode.BATCH_FORGET && opcode != Opcode.INTERRUPT;
  }

  /** A request that finds no space is tried again, when what was removed before it is free. */
  private int dispatchOnSpace(FuseRequest request, FuseReply reply) throws Ext2Exception {
    if (request.opcode() == Opcode.STATFS) {
      slot.awaitOthers(files::awaitsForget);
    }
    reply.begin();
    try {
      return dispatch(request, reply);
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ENOSPC) {
        throw e;
      }
    }
    slot.awaitOthers(files::awaitsForget);
    reply.begin();
    return dispatch(request, reply);
  }

  private int dispatch(FuseRequest request, FuseReply reply) throws Ext2Exception {
    switch (request.opcode()) {
      case Opcode.LOOKUP -> names.lookup(request, reply);
      case Opcode.FORGET -> names.forget(request);
      case Opcode.BATCH_FORGET -> names.forgetMany(request);
      case Opcode.GETATTR -> files.getattr(request, reply);
      case Opcode.SETATTR -> files.setattr(request, reply);
      case Opcode.READLINK -> names.readlink(request, reply);
      case Opcode.SYMLINK -> names.symlink(request, reply);
      case Opcode.MKNOD -> names.mknod(request, reply);
      case Opcode.MKDIR -> names.mkdir(request, reply);
      case Opcode.UNLINK -> names.unlink(request);
      case Opcode.RMDIR -> names.rmdir(request);
      case Opcode.RENAME -> names.rename(request);
      case Opcode.RENAME2 -> names.rename2(request);
      case Opcode.LINK -> names.link(request, reply);
      case Opcode.OPEN -> names.open(request, reply, NameRequests.KEEP_CACHE);
      case Opcode.CREATE -> names.create(request, reply);
      case Opcode.TMPFILE -> names.createUnnamed(request, reply);
      case Opcode.READ -> files.read(request, reply);
      case Opcode.WRITE -> files.write(request, reply);
      case Opcode.STATFS -> files.statfs(reply);
      case Opcode.RELEASE, Opcode.RELEASEDIR -> files.release(request);
      case Opcode.FSYNC, Opcode.FSYNCDIR -> files.fsync(request);
      case Opcode.OPENDIR -> names.open(request, reply, 0);
      case Opcode.READDIR -> names.readDirectory(request, reply, false);
      case Opcode.READDIRPLUS -> names.readDirectory(request, reply, true);
      case Opcode.FALLOCATE -> files.fallocate(request);
      case Opcode.LSEEK -> files.lseek(request, reply);
      case Opcode.SYNCFS -> files.syncfs();
      case Opcode.SETXATTR -> xattrs.set(request);
      case Opcode.GETXATTR -> xattrs.get(request, reply);
      case Opcode.LISTXATTR -> xattrs.list(request, reply);
      case Opcode.REMOVEXATTR -> xattrs.remove(request);
      case Opcode.INIT -> {
        return xattrs.init(request, reply);
      }
      case Opcode.IOCTL -> {
        return files.ioctl(request, reply);
      }
      case Opcode.INTERRUPT, Opcode.DESTROY -> {
        // No request waits for anything that lasts, and the end of the connection follows.
      }
      default -> {
        // Locks, among others: the kernel does not ask again and does it by itself, or refuses.
        return KernelCalls.ENOSYS;
      }
    }
    return 0;
  }
}
