// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The structures of requests on extended attributes; goes on where {@link FuseStructs} ends. */
final class FuseXattrStructs {
  /** Without FUSE_SETXATTR_EXT the request ends before {@code setxattr_flags}. */
  static final StructLayout SETXATTR_IN =
      struct("fuse_setxattr_in", "size", "flags", "setxattr_flags", "padding");

  static final long SETXATTR_IN_SIZE = at(SETXATTR_IN, "size");
  static final long SETXATTR_IN_FLAGS = at(SETXATTR_IN, "flags");
  static final long SETXATTR_IN_SETXATTR_FLAGS = at(SETXATTR_IN, "setxattr_flags");

  static final StructLayout GETXATTR_IN = struct("fuse_getxattr_in", "size", "padding");
  static final long GETXATTR_IN_SIZE = at(GETXATTR_IN, "size");

  static final StructLayout GETXATTR_OUT = struct("fuse_getxattr_out", "size", "padding");
  static final long GETXATTR_OUT_SIZE = at(GETXATTR_OUT, "size");

  /** All structures of this class. */
  static final List<StructLayout> ALL = List.of(SETXATTR_IN, GETXATTR_IN, GETXATTR_OUT);

  private FuseXattrStructs() {}

  private static StructLayout struct(String name, String... words) {
    return MemoryLayout.structLayout(
            List.of(words).stream()
                .map(ValueLayout.JAVA_INT::withName)
                .toArray(MemoryLayout[]::new))
        .withName(name);
  }

  private static long at(StructLayout layout, String field) {
    return layout.byteOffset(PathElement.groupElement(field));
  }
}
