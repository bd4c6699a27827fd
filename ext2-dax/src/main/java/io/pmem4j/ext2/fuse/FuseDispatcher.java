// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.function.Consumer;

/**
 * Answers requests by the calls that they ask for. Whatever goes wrong in a request is the answer
 * to it and not the end of its worker. Thread-safe.
 */
final class FuseDispatcher {
  private final NameRequests names;
  private final FileRequests files;
  private final XattrRequests xattrs;
  private final PeriodicSync sync;
  private final Consumer<String> log;

  FuseDispatcher(
      NameRequests names,
      FileRequests files,
      XattrRequests xattrs,
      PeriodicSync sync,
      Consumer<String> log) {
    this.names = names;
    this.files = files;
    this.xattrs = xattrs;
    this.sync = sync;
    this.log = log;
  }

  /**
   * Does what a request asks for and finishes its answer, which the worker gives to the kernel.
   *
   * @param slot that of the worker, in which the request is in flight meanwhile
   */
  void answer(FuseRequest request, FuseReply reply, InFlight.Slot slot) {
    slot.begin();
    int error;
    if (request.isWhole()) {
      error = result(request, reply, slot);
    } else {
      log.accept("/dev/fuse: a request of the wrong length");
      error = KernelCalls.EIO;
    }
    reply.finish(request.unique(), error);
    slot.end();
    sync.changed();
  }

  private int result(FuseRequest request, FuseReply reply, InFlight.Slot slot) {
    FuseCaller.set(request);
    try {
      return dispatchOnSpace(request, reply, slot);
    } catch (Ext2Exception e) {
      return e.errno().number();
    } catch (Exception | Error e) {
      log.accept("request " + request.opcode() + " on node " + request.node() + ": " + e);
      return KernelCalls.EIO;
    }
  }

  /** Returns true for what a thread cannot go on without. */
  static boolean isWaitedFor(FuseRequest request) {
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
  static long bytes(FuseRequest request) {
    return request.opcode() == Opcode.READ
        ? Integer.toUnsignedLong(request.u32(FuseFileStructs.READ_IN_SIZE))
        : request.length();
  }

  /** Returns true if the kernel wants an answer. */
  static boolean hasAnswer(int opcode) {
    return opcode != Opcode.FORGET && opcode != Opcode.BATCH_FORGET && opcode != Opcode.INTERRUPT;
  }

  /** A request that finds no space is tried again, when what was removed before it is free. */
  private int dispatchOnSpace(FuseRequest request, FuseReply reply, InFlight.Slot slot)
      throws Ext2Exception {
    if (request.opcode() == Opcode.STATFS) {
      slot.awaitOthers(files.mayAwaitRelease(), files::awaitsForget);
    }
    reply.begin();
    try {
      return dispatch(request, reply);
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ENOSPC) {
        throw e;
      }
    }
    slot.awaitOthers(true, files::awaitsForget);
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
