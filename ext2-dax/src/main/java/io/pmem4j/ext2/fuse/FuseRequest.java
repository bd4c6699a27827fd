// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A request as the kernel wrote it into a worker's memory: header, arguments, then names or data.
 * Belongs to that worker.
 *
 * <p>A read of {@code /dev/fuse} stores the three one after the other. An io_uring has a place for
 * each, and the one of names and data is the place of the answer too. So a handler takes what it
 * needs of them before it appends to the answer.
 */
final class FuseRequest {
  static final long HEADER_BYTES = FuseStructs.IN_HEADER.byteSize();

  private final MemorySegment buffer;

  /** The place of the arguments in the buffer. */
  private final long arguments;

  /** The memory of names and data: the buffer itself, or a payload of its own. */
  private final MemorySegment tail;

  /** True if that is a payload of its own. */
  private final boolean apart;

  private long end;

  /** The next name after the arguments, which end with a NUL each. */
  private long nextName;

  /** A request whose parts follow each other in a buffer. */
  FuseRequest(MemorySegment buffer) {
    this(buffer, HEADER_BYTES, buffer, false);
  }

  private FuseRequest(MemorySegment buffer, long arguments, MemorySegment tail, boolean apart) {
    this.buffer = buffer;
    this.arguments = arguments;
    this.tail = tail;
    this.apart = apart;
  }

  /**
   * Makes a request in the memory of an io_uring.
   *
   * @param headers a {@code fuse_uring_req_header}
   * @param payload the names and data
   */
  static FuseRequest inRing(MemorySegment headers, MemorySegment payload) {
    return new FuseRequest(headers, FuseRingStructs.REQ_HEADER_OP_IN, payload, true);
  }

  /** Takes what was read: the first {@code length} bytes of the buffer. */
  void received(long length) {
    end = length;
    nextName = afterArguments(0);
  }

  /** Takes what the kernel stored to the memory of an io_uring. */
  void receivedInRing() {
    received(Integer.toUnsignedLong(header32(FuseStructs.IN_HEADER_LEN)));
  }

  private long afterArguments(long argumentBytes) {
    return apart ? 0 : arguments + argumentBytes;
  }

  /** Returns false for what is too short to be a request. */
  boolean isWhole() {
    return end >= HEADER_BYTES && Integer.toUnsignedLong(header32(0)) == end;
  }

  private int header32(long at) {
    return buffer.get(ValueLayout.JAVA_INT, at);
  }

  int opcode() {
    return header32(FuseStructs.IN_HEADER_OPCODE);
  }

  long unique() {
    return buffer.get(ValueLayout.JAVA_LONG, FuseStructs.IN_HEADER_UNIQUE);
  }

  long node() {
    return buffer.get(ValueLayout.JAVA_LONG, FuseStructs.IN_HEADER_NODEID);
  }

  int uid() {
    return header32(FuseStructs.IN_HEADER_UID);
  }

  int gid() {
    return header32(FuseStructs.IN_HEADER_GID);
  }

  /** Returns the thread that waits for the answer; 0 for none, or one that is not seen here. */
  int thread() {
    return header32(FuseStructs.IN_HEADER_PID);
  }

  /** Returns the number of bytes. */
  long length() {
    return end;
  }

  /** Returns a 32-bit field of the arguments. */
  int u32(long at) {
    return buffer.get(ValueLayout.JAVA_INT, arguments + at);
  }

  /** Returns a 64-bit field of the arguments. */
  long u64(long at) {
    return buffer.get(ValueLayout.JAVA_LONG, arguments + at);
  }

  /** The names follow arguments of this many bytes. */
  void namesAfter(long argumentBytes) {
    nextName = afterArguments(argumentBytes);
  }

  /** Returns the next name, without its NUL. */
  byte[] name() {
    long from = nextName;
    long to = from;
    while (tail.get(ValueLayout.JAVA_BYTE, to) != 0) {
      to++;
    }
    byte[] name = new byte[(int) (to - from)];
    MemorySegment.copy(tail, ValueLayout.JAVA_BYTE, from, name, 0, name.length);
    nextName = to + 1;
    return name;
  }

  /** Returns the bytes after the last name that was read. */
  MemorySegment rest(long length) {
    return tail.asSlice(nextName, length);
  }

  /** Returns the bytes after the arguments. */
  MemorySegment data(long argumentBytes, long length) {
    return tail.asSlice(afterArguments(argumentBytes), length);
  }
}
