// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.InodeOperations;
import io.pmem4j.ext2.OpenFile;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** The requests on attributes and on open files. Thread-safe. */
final class FileRequests {
  private static final int FATTR_MODE = 1;
  private static final int FATTR_UID = 1 << 1;
  private static final int FATTR_GID = 1 << 2;
  private static final int FATTR_SIZE = 1 << 3;
  private static final int FATTR_ATIME = 1 << 4;
  private static final int FATTR_MTIME = 1 << 5;
  private static final int FATTR_ATIME_NOW = 1 << 7;
  private static final int FATTR_MTIME_NOW = 1 << 8;

  private static final int FATTR_KILL_SUIDGID = 1 << 11;

  private static final int WRITE_KILL_SUIDGID = 1 << 2;
  private static final int FSYNC_FDATASYNC = 1;

  private static final int FS_IOC_GETFLAGS = 0x80086601;
  private static final int FS_IOC_SETFLAGS = 0x40086602;
  private static final int FS_IOC_GETVERSION = 0x80087601;
  private static final int FS_IOC_FSGETXATTR = 0x801c581f;
  private static final int FSXATTR_BYTES = 28;

  /** Pairs of a flag of FS_IOC_GETFLAGS and the same one in {@code fsx_xflags}. */
  private static final int[][] XFLAGS = {
    {0x8, 0x20}, {0x10, 0x8}, {0x20, 0x10}, {0x40, 0x80}, {0x80, 0x40}
  };

  private final FuseService service;
  private final InodeOperations inodes;
  private final FileHandles handles;

  FileRequests(FuseService service, InodeOperations inodes, FileHandles handles) {
    this.service = service;
    this.inodes = inodes;
    this.handles = handles;
  }

  private static int ino(FuseRequest request) {
    return NameRequests.ino(request.node());
  }

  void getattr(FuseRequest request, FuseReply reply) throws Ext2Exception {
    reply.attributes(inodes.stat(ino(request)));
  }

  void setattr(FuseRequest request, FuseReply reply) throws Ext2Exception {
    int valid = request.u32(FuseStructs.SETATTR_IN_VALID);
    if ((valid & (FATTR_KILL_SUIDGID | FATTR_UID | FATTR_GID)) != 0) {
      inodes.removePrivileges(ino(request));
    }
    reply.attributes(
        inodes.setAttributes(
            ino(request),
            word(request, valid & FATTR_MODE, FuseStructs.SETATTR_IN_MODE),
            word(request, valid & FATTR_UID, FuseStructs.SETATTR_IN_UID),
            word(request, valid & FATTR_GID, FuseStructs.SETATTR_IN_GID),
            (valid & FATTR_SIZE) == 0 ? null : (Long) request.u64(FuseStructs.SETATTR_IN_SIZE),
            time(request, valid, FATTR_ATIME, FATTR_ATIME_NOW, FuseStructs.SETATTR_IN_ATIME),
            time(request, valid, FATTR_MTIME, FATTR_MTIME_NOW, FuseStructs.SETATTR_IN_MTIME)));
  }

  private static @Nullable Integer word(FuseRequest request, int given, long at) {
    return given == 0 ? null : (Integer) request.u32(at);
  }

  private static @Nullable Long time(FuseRequest request, int valid, int set, int now, long at) {
    if ((valid & set) == 0) {
      return null;
    }
    return (valid & now) != 0 ? (Long) Long.MAX_VALUE : (Long) request.u64(at);
  }

  void read(FuseRequest request, FuseReply reply) throws Ext2Exception {
    OpenFile file = handles.get(request.u64(FuseFileStructs.READ_IN_FH));
    long size =
        Math.min(
            Integer.toUnsignedLong(request.u32(FuseFileStructs.READ_IN_SIZE)),
            reply.buffer().byteSize() - FuseReply.HEADER_BYTES);
    reply.appended(
        file.pread(
            request.u64(FuseFileStructs.READ_IN_OFFSET), new SegmentBuffer(reply.body(size))));
  }

  void write(FuseRequest request, FuseReply reply) throws Ext2Exception {
    OpenFile file = handles.get(request.u64(FuseFileStructs.WRITE_IN_FH));
    long size = Integer.toUnsignedLong(request.u32(FuseFileStructs.WRITE_IN_SIZE));
    if ((request.u32(FuseFileStructs.WRITE_IN_WRITE_FLAGS) & WRITE_KILL_SUIDGID) != 0) {
      // The kernel leaves this to the server for O_DIRECT.
      inodes.removePrivileges(ino(request));
    }
    long written =
        file.pwrite(
            request.u64(FuseFileStructs.WRITE_IN_OFFSET),
            new SegmentBuffer(request.data(FuseFileStructs.WRITE_IN.byteSize(), size)));
    long at = reply.append(FuseFileStructs.WRITE_OUT.byteSize());
    reply.u32(at + FuseFileStructs.WRITE_OUT_SIZE, (int) written);
  }

  void release(FuseRequest request) throws Ext2Exception {
    handles.release(request.u64(FuseFileStructs.RELEASE_IN_FH));
  }

  void fsync(FuseRequest request) throws Ext2Exception {
    OpenFile file = handles.get(request.u64(FuseFileStructs.FSYNC_IN_FH));
    if ((request.u32(FuseFileStructs.FSYNC_IN_FSYNC_FLAGS) & FSYNC_FDATASYNC) != 0) {
      file.fdatasync();
    } else {
      file.fsync();
    }
    service.writeBack().run();
  }

  void fallocate(FuseRequest request) throws Ext2Exception {
    handles
        .get(request.u64(FuseFileStructs.FALLOCATE_IN_FH))
        .fallocate(
            request.u32(FuseFileStructs.FALLOCATE_IN_MODE),
            request.u64(FuseFileStructs.FALLOCATE_IN_OFFSET),
            request.u64(FuseFileStructs.FALLOCATE_IN_LENGTH));
  }

  void lseek(FuseRequest request, FuseReply reply) throws Ext2Exception {
    long position =
        handles
            .get(request.u64(FuseFileStructs.LSEEK_IN_FH))
            .seek(
                request.u64(FuseFileStructs.LSEEK_IN_OFFSET),
                request.u32(FuseFileStructs.LSEEK_IN_WHENCE));
    long at = reply.append(FuseFileStructs.LSEEK_OUT.byteSize());
    reply.u64(at + FuseFileStructs.LSEEK_OUT_OFFSET, position);
  }

  /**
   * Answers chattr(1), lsattr(1) and FS_IOC_GETVERSION.
   *
   * @return 0, or ENOTTY
   */
  int ioctl(FuseRequest request, FuseReply reply) throws Ext2Exception {
    switch (request.u32(FuseFileStructs.IOCTL_IN_CMD)) {
      case FS_IOC_GETFLAGS -> answer(request, reply, inodes.flags(ino(request)));
      case FS_IOC_GETVERSION -> answer(request, reply, inodes.stat(ino(request)).generation());
      case FS_IOC_FSGETXATTR -> {
        // The kernel asks for it before it sets flags.
        answer(request, reply, xflags(inodes.flags(ino(request))));
        reply.append(FSXATTR_BYTES - Integer.BYTES);
      }
      case FS_IOC_SETFLAGS -> {
        if (request.u32(FuseFileStructs.IOCTL_IN_IN_SIZE) < Integer.BYTES) {
          return KernelCalls.EINVAL;
        }
        int flags =
            request
                .data(FuseFileStructs.IOCTL_IN.byteSize(), Integer.BYTES)
                .get(ValueLayout.JAVA_INT, 0);
        inodes.setFlags(ino(request), flags);
        reply.append(FuseFileStructs.IOCTL_OUT.byteSize());
      }
      default -> {
        return KernelCalls.ENOTTY;
      }
    }
    return 0;
  }

  private static int xflags(int flags) {
    int xflags = 0;
    for (int[] pair : XFLAGS) {
      xflags |= (flags & pair[0]) != 0 ? pair[1] : 0;
    }
    return xflags;
  }

  private static void answer(FuseRequest request, FuseReply reply, int value) {
    reply.append(FuseFileStructs.IOCTL_OUT.byteSize());
    if (request.u32(FuseFileStructs.IOCTL_IN_OUT_SIZE) >= Integer.BYTES) {
      reply.u32(reply.append(Integer.BYTES), value);
    }
  }

  void statfs(FuseReply reply) {
    FileSystemUse use = service.fs().use();
    long at = reply.append(FuseStructs.STATFS_OUT.byteSize());
    reply.u64(at + FuseStructs.STATFS_OUT_BLOCKS, use.blocks());
    reply.u64(at + FuseStructs.STATFS_OUT_BFREE, use.freeBlocks());
    reply.u64(at + FuseStructs.STATFS_OUT_BAVAIL, use.availableBlocks());
    reply.u64(at + FuseStructs.STATFS_OUT_FILES, use.files());
    reply.u64(at + FuseStructs.STATFS_OUT_FFREE, use.freeFiles());
    reply.u32(at + FuseStructs.STATFS_OUT_BSIZE, use.blockBytes());
    reply.u32(at + FuseStructs.STATFS_OUT_NAMELEN, use.nameBytes());
    reply.u32(at + FuseStructs.STATFS_OUT_FRSIZE, use.blockBytes());
  }

  /** Returns true if a file without a name may be open: its blocks are free when it is closed. */
  boolean mayAwaitRelease() {
    return !handles.isEmpty() && inodes.hasNameless();
  }

  /** Returns true while a file without a name and without users waits to be forgotten. */
  boolean awaitsForget() {
    return inodes.awaitsForget();
  }

  void syncfs() throws Ext2Exception {
    service.sync();
  }
}
