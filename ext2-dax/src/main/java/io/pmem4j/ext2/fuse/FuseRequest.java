// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A request as the kernel wrote it into a worker's buffer. Belongs to that worker. */
final class FuseRequest {
  static final long HEADER_BYTES = FuseStructs.IN_HEADER.byteSize();

  private final MemorySegment buffer;
  private long end;

  /** The next name after the arguments, which end with a NUL each. */
  private long nextName;

  FuseRequest(MemorySegment buffer) {
    this.buffer = buffer;
  }

  /** Takes what was read: the first {@code length} bytes of the buffer. */
  void received(long length) {
    end = length;
    nextName = HEADER_BYTES;
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
    return buffer.get(ValueLayout.JAVA_INT, HEADER_BYTES + at);
  }

  /** Returns a 64-bit field of the arguments. */
  long u64(long at) {
    return buffer.get(ValueLayout.JAVA_LONG, HEADER_BYTES + at);
  }

  /** The names follow arguments of this many bytes. */
  void namesAfter(long argumentBytes) {
    nextName = HEADER_BYTES + argumentBytes;
  }

  /** Returns the next name, without its NUL. */
  byte[] name() {
    long from = nextName;
    long to = from;
    while (buffer.get(ValueLayout.JAVA_BYTE, to) != 0) {
      to++;
    }
    byte[] name = new byte[(int) (to - from)];
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, from, name, 0, name.length);
    nextName = to + 1;
    return name;
  }

  /** Returns the bytes after the last name that was read. */
  MemorySegment rest(long length) {
    return buffer.asSlice(nextName, length);
  }

  /** Returns the bytes after the arguments. */
  MemorySegment data(long argumentBytes, long length) {
    return buffer.asSlice(HEADER_BYTES + argumentBytes, length);
  }
}
