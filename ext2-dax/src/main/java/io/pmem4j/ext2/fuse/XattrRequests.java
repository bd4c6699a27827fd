// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.InodeXattrs;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;

/**
 * The requests on extended attributes. The kernel has judged the permissions, by access control
 * lists too, which it reads here and keeps. Thread-safe.
 */
final class XattrRequests {
  private static final int ACL_KILL_SGID = 1;

  private final InodeXattrs xattrs;

  private final FuseSession session;

  XattrRequests(InodeXattrs xattrs, FuseSession session) {
    this.xattrs = xattrs;
    this.session = session;
  }

  int init(FuseRequest request, FuseReply reply) {
    return FuseInit.answer(request, reply, session);
  }

  private static int ino(FuseRequest request) {
    return NameRequests.ino(request.node());
  }

  void set(FuseRequest request) throws Ext2Exception {
    long arguments = FuseXattrStructs.SETXATTR_IN.byteSize();
    request.namesAfter(
        session.extendedSetxattr() ? arguments : FuseXattrStructs.SETXATTR_IN_SETXATTR_FLAGS);
    byte[] name = request.name();
    int size = request.u32(FuseXattrStructs.SETXATTR_IN_SIZE);
    boolean dropsSetGid =
        session.extendedSetxattr()
            && (request.u32(FuseXattrStructs.SETXATTR_IN_SETXATTR_FLAGS) & ACL_KILL_SGID) != 0;
    byte[] value = request.rest(size).toArray(ValueLayout.JAVA_BYTE);
    int flags = request.u32(FuseXattrStructs.SETXATTR_IN_FLAGS);
    xattrs.set(ino(request), name, value, flags, dropsSetGid);
  }

  void get(FuseRequest request, FuseReply reply) throws Ext2Exception {
    request.namesAfter(FuseXattrStructs.GETXATTR_IN.byteSize());
    answer(request, reply, xattrs.get(ino(request), request.name()));
  }

  void list(FuseRequest request, FuseReply reply) throws Ext2Exception {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (byte[] name : xattrs.list(ino(request), request.uid() == 0)) {
      names.writeBytes(name);
      names.write(0);
    }
    answer(request, reply, names.toByteArray());
  }

  void remove(FuseRequest request) throws Ext2Exception {
    request.namesAfter(0);
    xattrs.remove(ino(request), request.name());
  }

  /** Appends the bytes, or their number for a caller that has room for none. */
  private static void answer(FuseRequest request, FuseReply reply, byte[] bytes)
      throws Ext2Exception {
    long room = Integer.toUnsignedLong(request.u32(FuseXattrStructs.GETXATTR_IN_SIZE));
    if (room == 0) {
      long at = reply.append(FuseXattrStructs.GETXATTR_OUT.byteSize());
      reply.u32(at + FuseXattrStructs.GETXATTR_OUT_SIZE, bytes.length);
    } else if (bytes.length > room) {
      throw new Ext2Exception(Errno.ERANGE, bytes.length + " bytes do not fit into " + room);
    } else {
      reply.bytes(bytes);
    }
  }
}
