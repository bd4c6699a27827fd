// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.InodeOperations;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.Stat;
import java.util.List;
import java.util.Set;

/** The requests that look up, make, list, rename and remove names. Thread-safe. */
final class NameRequests {
  /** The smallest entry of an answer to READDIR. */
  private static final long DIRENT_BYTES = FuseStructs.DIRENT.byteSize();

  private static final long ENTRY_BYTES = FuseStructs.ENTRY_OUT.byteSize();

  /** {@code FOPEN_KEEP_CACHE}: nobody but the kernel changes the file. */
  static final int KEEP_CACHE = 2;

  private final InodeOperations inodes;
  private final FileHandles handles;

  NameRequests(InodeOperations inodes, FileHandles handles) {
    this.inodes = inodes;
    this.handles = handles;
  }

  /** Returns the number of an inode, whose root is 2 instead of the kernel's 1. */
  static int ino(long node) {
    return node == FuseReply.ROOT_NODE ? InodeOperations.ROOT : (int) node;
  }

  /**
   * Returns the calls on behalf of the maker of a request. The kernel has judged the permissions,
   * also by groups that a request does not carry, so that nothing is left to judge here.
   */
  private InodeOperations by(FuseRequest request) {
    return inodes.as(
        new Credentials(request.uid(), request.gid(), Set.of(), Credentials.ROOT.capabilities()));
  }

  /** As {@link #by(FuseRequest)}, with the umask of a request that makes something. */
  private InodeOperations by(FuseRequest request, long umask) {
    return by(request).withUmask(request.u32(umask));
  }

  void lookup(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(0);
    Stat found;
    try {
      found = inodes.lookup(ino(request.node()), request.name());
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      reply.noEntry();
      return;
    }
    reply.entry(found);
  }

  void forget(FuseRequest request) throws Ext2Exception {
    inodes.forget(ino(request.node()), request.u64(FuseStructs.FORGET_IN_NLOOKUP));
  }

  void forgetMany(FuseRequest request) throws Ext2Exception {
    int count = request.u32(FuseStructs.BATCH_FORGET_IN_COUNT);
    long at = FuseStructs.BATCH_FORGET_IN.byteSize();
    for (int i = 0; i < count; i++) {
      inodes.forget(
          ino(request.u64(at + FuseStructs.FORGET_ONE_NODEID)),
          request.u64(at + FuseStructs.FORGET_ONE_NLOOKUP));
      at += FuseStructs.FORGET_ONE.byteSize();
    }
  }

  void mkdir(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(FuseStructs.MKDIR_IN.byteSize());
    int mode = request.u32(FuseStructs.MKDIR_IN_MODE);
    reply.entry(
        by(request, FuseStructs.MKDIR_IN_UMASK).mkdir(ino(request.node()), request.name(), mode));
  }

  void mknod(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(FuseStructs.MKNOD_IN.byteSize());
    int mode = request.u32(FuseStructs.MKNOD_IN_MODE);
    int device = request.u32(FuseStructs.MKNOD_IN_RDEV);
    int major = (device >>> 8) & 0xfff;
    int minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
    reply.entry(
        by(request, FuseStructs.MKNOD_IN_UMASK)
            .mknod(ino(request.node()), request.name(), mode, major, minor));
  }

  void symlink(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(0);
    byte[] name = request.name();
    byte[] target = request.name();
    reply.entry(by(request).symlink(ino(request.node()), name, target));
  }

  void readlink(FuseRequest request, FuseReply reply) throws Ext2Exception {
    reply.bytes(inodes.readlink(ino(request.node())));
  }

  void link(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(FuseStructs.LINK_IN.byteSize());
    int file = ino(request.u64(FuseStructs.LINK_IN_OLDNODEID));
    reply.entry(by(request).link(file, ino(request.node()), request.name()));
  }

  void unlink(FuseRequest request) throws Ext2Exception {
    request.namesAfter(0);
    by(request).unlink(ino(request.node()), request.name());
  }

  void rmdir(FuseRequest request) throws Ext2Exception {
    request.namesAfter(0);
    by(request).rmdir(ino(request.node()), request.name());
  }

  void rename(FuseRequest request) throws Ext2Exception {
    request.namesAfter(FuseStructs.RENAME_IN.byteSize());
    rename(request, request.u64(FuseStructs.RENAME_IN_NEWDIR), 0);
  }

  void rename2(FuseRequest request) throws Ext2Exception {
    request.namesAfter(FuseStructs.RENAME2_IN.byteSize());
    rename(
        request,
        request.u64(FuseStructs.RENAME2_IN_NEWDIR),
        request.u32(FuseStructs.RENAME2_IN_FLAGS));
  }

  private void rename(FuseRequest request, long to, int flags) throws Ext2Exception {
    byte[] oldName = request.name();
    byte[] newName = request.name();
    by(request).rename(ino(request.node()), oldName, ino(to), newName, flags);
  }

  void create(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(FuseStructs.CREATE_IN.byteSize());
    InodeOperations.Created created =
        by(request, FuseStructs.CREATE_IN_UMASK)
            .create(
                ino(request.node()),
                request.name(),
                request.u32(FuseStructs.CREATE_IN_FLAGS),
                request.u32(FuseStructs.CREATE_IN_MODE));
    reply.entry(created.stat());
    opened(reply, created.file(), KEEP_CACHE);
  }

  /** Answers open(2) with O_TMPFILE. The name in the request is none. */
  void createUnnamed(FuseRequest request, FuseReply reply) throws Ext2Exception {
    InodeOperations.Created created =
        by(request, FuseStructs.CREATE_IN_UMASK)
            .createUnnamed(
                ino(request.node()),
                request.u32(FuseStructs.CREATE_IN_FLAGS),
                request.u32(FuseStructs.CREATE_IN_MODE));
    reply.entry(created.stat());
    opened(reply, created.file(), KEEP_CACHE);
  }

  void open(FuseRequest request, FuseReply reply, int answerFlags) throws Ext2Exception {
    int flags = request.u32(FuseFileStructs.OPEN_IN_FLAGS);
    opened(reply, inodes.open(ino(request.node()), flags), answerFlags);
  }

  private void opened(FuseReply reply, OpenFile file, int flags) {
    long at = reply.append(FuseFileStructs.OPEN_OUT.byteSize());
    reply.u64(at + FuseFileStructs.OPEN_OUT_FH, handles.add(file));
    reply.u32(at + FuseFileStructs.OPEN_OUT_OPEN_FLAGS, flags);
  }

  /**
   * Lists a directory, which the kernel keeps locked meanwhile.
   *
   * @param plus true to add the attributes of each entry, and a reference to it
   */
  void readDirectory(FuseRequest request, FuseReply reply, boolean plus) throws Ext2Exception {
    OpenFile directory = handles.get(request.u64(FuseFileStructs.READ_IN_FH));
    long room = Integer.toUnsignedLong(request.u32(FuseFileStructs.READ_IN_SIZE));
    long limit = reply.length() + room;
    long header = (plus ? ENTRY_BYTES : 0) + DIRENT_BYTES;
    List<DirectoryEntry> entries =
        directory.readDirectory(
            request.u64(FuseFileStructs.READ_IN_OFFSET), (int) (room / (header + Long.BYTES)));
    for (DirectoryEntry entry : entries) {
      byte[] name = entry.nameBytes();
      long bytes = (header + name.length + Long.BYTES - 1) & -Long.BYTES;
      if (reply.length() + bytes > limit) {
        return;
      }
      long at = reply.append(bytes);
      if (plus) {
        entryOf(ino(request.node()), entry, reply, at);
      }
      dirent(reply, at + (plus ? ENTRY_BYTES : 0), entry, name);
    }
  }

  /** Zeros, which are no reference, stand for the directory itself, its parent, and damage. */
  private void entryOf(int directory, DirectoryEntry entry, FuseReply reply, long at) {
    String name = entry.name();
    if (name.equals(".") || name.equals("..")) {
      return;
    }
    try {
      reply.entry(at, inodes.entry(directory, entry.ino()));
    } catch (Ext2Exception _) {
      // The name is listed; the kernel asks for it when somebody uses it, and gets the error.
    }
  }

  private static void dirent(FuseReply reply, long at, DirectoryEntry entry, byte[] name) {
    reply.u64(at + FuseStructs.DIRENT_INO, Integer.toUnsignedLong(entry.ino()));
    reply.u64(at + FuseStructs.DIRENT_OFF, entry.next());
    reply.u32(at + FuseStructs.DIRENT_NAMELEN, name.length);
    reply.u32(at + FuseStructs.DIRENT_TYPE, entry.type());
    reply.bytes(at + DIRENT_BYTES, name);
  }
}
