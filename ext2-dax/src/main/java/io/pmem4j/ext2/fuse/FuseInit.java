// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

/**
 * The first request: what the kernel offers and what is taken of it. Without the writeback cache,
 * as that would leave the times to the kernel's clock.
 */
final class FuseInit {
  /** The most bytes of a WRITE and of a READ. */
  static final int MAX_WRITE = 1 << 20;

  private static final int MAJOR = 7;
  private static final int MINOR = 42;

  /** The version in which answers to INIT have today's size and the request is as used here. */
  private static final int OLDEST_MINOR = 31;

  private static final int ASYNC_READ = 1;
  private static final int BIG_WRITES = 1 << 5;
  private static final int DONT_MASK = 1 << 6;
  private static final int HAS_IOCTL_DIR = 1 << 11;
  private static final int DO_READDIRPLUS = 1 << 13;
  private static final int READDIRPLUS_AUTO = 1 << 14;
  private static final int ASYNC_DIO = 1 << 15;
  private static final int PARALLEL_DIROPS = 1 << 18;
  private static final int POSIX_ACL = 1 << 20;
  private static final int MAX_PAGES = 1 << 22;
  private static final int EXPLICIT_INVAL_DATA = 1 << 25;

  /** The server clears set-id bits and capabilities, so that no write asks for them first. */
  private static final int HANDLE_KILLPRIV_V2 = 1 << 28;

  private static final int SETXATTR_EXT = 1 << 29;

  /** There are 32 flags more: {@code flags2}. */
  private static final int INIT_EXT = 1 << 30;

  /** Of {@code flags2}: bit 41 of all. */
  private static final int OVER_IO_URING = 1 << 9;

  private static final int WANTED =
      ASYNC_READ
          | BIG_WRITES
          | DONT_MASK
          | HAS_IOCTL_DIR
          | DO_READDIRPLUS
          | READDIRPLUS_AUTO
          | ASYNC_DIO
          | PARALLEL_DIROPS
          | MAX_PAGES
          | EXPLICIT_INVAL_DATA
          | HANDLE_KILLPRIV_V2
          | SETXATTR_EXT;

  private static final int MOST_IN_BACKGROUND = 64;
  private static final int CONGESTED_AT = 48;
  private static final int NANOSECONDS = 1_000_000_000;
  private static final int PAGE_BYTES = 4096;
  private static final int EPROTO = 71;

  private FuseInit() {}

  /**
   * Answers the request INIT.
   *
   * @param session says what the mount wants, and is told what will be
   * @return 0, or EPROTO for a kernel before 5.4
   */
  static int answer(FuseRequest request, FuseReply reply, FuseSession session) {
    int minor = request.u32(FuseStructs.INIT_IN_MINOR);
    int major = request.u32(FuseStructs.INIT_IN_MAJOR);
    if (major < MAJOR || (major == MAJOR && minor < OLDEST_MINOR)) {
      return EPROTO;
    }
    long at = reply.append(FuseStructs.INIT_OUT.byteSize());
    reply.u32(at + FuseStructs.INIT_OUT_MAJOR, MAJOR);
    if (major > MAJOR) {
      // It asks again, with the version that we have.
      return 0;
    }
    reply.u32(at + FuseStructs.INIT_OUT_MINOR, Math.min(minor, MINOR));
    reply.u32(
        at + FuseStructs.INIT_OUT_MAX_READAHEAD, request.u32(FuseStructs.INIT_IN_MAX_READAHEAD));
    int offered = request.u32(FuseStructs.INIT_IN_FLAGS);
    boolean overRings =
        session.hasRings()
            && (offered & INIT_EXT) != 0
            && (request.u32(FuseStructs.INIT_IN_FLAGS2) & OVER_IO_URING) != 0;
    int wanted = WANTED | (session.wantsAcls() ? POSIX_ACL : 0) | (overRings ? INIT_EXT : 0);
    int agreed = offered & wanted;
    session.agree((agreed & SETXATTR_EXT) != 0, overRings);
    reply.u32(at + FuseStructs.INIT_OUT_FLAGS, agreed);
    reply.u32(at + FuseStructs.INIT_OUT_FLAGS2, overRings ? OVER_IO_URING : 0);
    reply.u16(at + FuseStructs.INIT_OUT_MAX_BACKGROUND, MOST_IN_BACKGROUND);
    reply.u16(at + FuseStructs.INIT_OUT_CONGESTION_THRESHOLD, CONGESTED_AT);
    reply.u32(at + FuseStructs.INIT_OUT_MAX_WRITE, MAX_WRITE);
    reply.u32(at + FuseStructs.INIT_OUT_TIME_GRAN, NANOSECONDS);
    reply.u16(at + FuseStructs.INIT_OUT_MAX_PAGES, MAX_WRITE / PAGE_BYTES);
    return 0;
  }
}
