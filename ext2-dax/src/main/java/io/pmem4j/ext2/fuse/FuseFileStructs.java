// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The structures of requests that open files, and on open files; see {@link FuseStructs}. */
final class FuseFileStructs {
  static final StructLayout OPEN_IN =
      struct(
          "fuse_open_in",
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("open_flags"));
  static final long OPEN_IN_FLAGS = at(OPEN_IN, "flags");

  static final StructLayout OPEN_OUT =
      struct(
          "fuse_open_out",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_INT.withName("open_flags"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long OPEN_OUT_FH = at(OPEN_OUT, "fh");
  static final long OPEN_OUT_OPEN_FLAGS = at(OPEN_OUT, "open_flags");

  static final StructLayout RELEASE_IN =
      struct(
          "fuse_release_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("release_flags"),
          ValueLayout.JAVA_LONG.withName("lock_owner"));
  static final long RELEASE_IN_FH = at(RELEASE_IN, "fh");

  static final StructLayout READ_IN =
      struct(
          "fuse_read_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_LONG.withName("offset"),
          ValueLayout.JAVA_INT.withName("size"),
          ValueLayout.JAVA_INT.withName("read_flags"),
          ValueLayout.JAVA_LONG.withName("lock_owner"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long READ_IN_FH = at(READ_IN, "fh");
  static final long READ_IN_OFFSET = at(READ_IN, "offset");
  static final long READ_IN_SIZE = at(READ_IN, "size");

  static final StructLayout WRITE_IN =
      struct(
          "fuse_write_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_LONG.withName("offset"),
          ValueLayout.JAVA_INT.withName("size"),
          ValueLayout.JAVA_INT.withName("write_flags"),
          ValueLayout.JAVA_LONG.withName("lock_owner"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long WRITE_IN_FH = at(WRITE_IN, "fh");
  static final long WRITE_IN_OFFSET = at(WRITE_IN, "offset");
  static final long WRITE_IN_SIZE = at(WRITE_IN, "size");
  static final long WRITE_IN_WRITE_FLAGS = at(WRITE_IN, "write_flags");

  static final StructLayout WRITE_OUT =
      struct(
          "fuse_write_out",
          ValueLayout.JAVA_INT.withName("size"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long WRITE_OUT_SIZE = at(WRITE_OUT, "size");

  static final StructLayout FSYNC_IN =
      struct(
          "fuse_fsync_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_INT.withName("fsync_flags"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long FSYNC_IN_FH = at(FSYNC_IN, "fh");
  static final long FSYNC_IN_FSYNC_FLAGS = at(FSYNC_IN, "fsync_flags");

  static final StructLayout FALLOCATE_IN =
      struct(
          "fuse_fallocate_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_LONG.withName("offset"),
          ValueLayout.JAVA_LONG.withName("length"),
          ValueLayout.JAVA_INT.withName("mode"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long FALLOCATE_IN_FH = at(FALLOCATE_IN, "fh");
  static final long FALLOCATE_IN_OFFSET = at(FALLOCATE_IN, "offset");
  static final long FALLOCATE_IN_LENGTH = at(FALLOCATE_IN, "length");
  static final long FALLOCATE_IN_MODE = at(FALLOCATE_IN, "mode");

  static final StructLayout LSEEK_IN =
      struct(
          "fuse_lseek_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_LONG.withName("offset"),
          ValueLayout.JAVA_INT.withName("whence"),
          ValueLayout.JAVA_INT.withName("padding"));
  static final long LSEEK_IN_FH = at(LSEEK_IN, "fh");
  static final long LSEEK_IN_OFFSET = at(LSEEK_IN, "offset");
  static final long LSEEK_IN_WHENCE = at(LSEEK_IN, "whence");

  static final StructLayout LSEEK_OUT =
      struct("fuse_lseek_out", ValueLayout.JAVA_LONG.withName("offset"));
  static final long LSEEK_OUT_OFFSET = at(LSEEK_OUT, "offset");

  static final StructLayout IOCTL_IN =
      struct(
          "fuse_ioctl_in",
          ValueLayout.JAVA_LONG.withName("fh"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("cmd"),
          ValueLayout.JAVA_LONG.withName("arg"),
          ValueLayout.JAVA_INT.withName("in_size"),
          ValueLayout.JAVA_INT.withName("out_size"));
  static final long IOCTL_IN_CMD = at(IOCTL_IN, "cmd");
  static final long IOCTL_IN_IN_SIZE = at(IOCTL_IN, "in_size");
  static final long IOCTL_IN_OUT_SIZE = at(IOCTL_IN, "out_size");

  static final StructLayout IOCTL_OUT =
      struct(
          "fuse_ioctl_out",
          ValueLayout.JAVA_INT.withName("result"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("in_iovs"),
          ValueLayout.JAVA_INT.withName("out_iovs"));
  static final long IOCTL_OUT_RESULT = at(IOCTL_OUT, "result");

  /** All structures of this class. */
  static final List<StructLayout> ALL =
      List.of(
          OPEN_IN,
          OPEN_OUT,
          RELEASE_IN,
          READ_IN,
          WRITE_IN,
          WRITE_OUT,
          FSYNC_IN,
          FALLOCATE_IN,
          LSEEK_IN,
          LSEEK_OUT,
          IOCTL_IN,
          IOCTL_OUT);

  private FuseFileStructs() {}

  private static StructLayout struct(String name, MemoryLayout... elements) {
    return MemoryLayout.structLayout(elements).withName(name);
  }

  private static long at(StructLayout layout, String field) {
    return layout.byteOffset(PathElement.groupElement(field));
  }
}
