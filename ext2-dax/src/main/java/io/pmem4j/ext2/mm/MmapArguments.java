// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;

/** The checks that {@code do_mmap} makes of its arguments, in the kernel's order. */
final class MmapArguments {
  private static final int MAP_TYPE = 0xf;

  private static final int PAGE_SHIFT = 12;

  /** Flags that MAP_SHARED_VALIDATE knows without help of the file system: LEGACY_MAP_MASK. */
  private static final int LEGACY_FLAGS = 0x7c07_f973;

  private MmapArguments() {}

  /** {@code do_mmap} and {@code file_mmap_ok}: the length in whole pages. */
  static long checkedLength(Mappable file, long position, long length) throws Ext2Exception {
    String what =
        "mmap of " + Long.toUnsignedString(length) + " bytes at " + Long.toUnsignedString(position);
    if (length == 0 || position % Mmu.PAGE_BYTES != 0) {
      throw new Ext2Exception(Errno.EINVAL, what);
    }
    long bytes = AddressSpace.roundUp(length);
    if (bytes == 0 || Long.compareUnsigned(bytes, AddressSpace.TASK_SIZE) > 0) {
      throw new Ext2Exception(Errno.ENOMEM, what + ", addresses end at " + AddressSpace.TASK_SIZE);
    }
    // Not the largest size of a file: a mapping may begin anywhere that a size could ever reach.
    // file_mmap_size_max has that limit for regular files, for others that of an unsigned offset.
    long limit = (file.isRegular() ? Long.MAX_VALUE : -1L) - bytes;
    if (position >>> PAGE_SHIFT > limit >>> PAGE_SHIFT) {
      throw new Ext2Exception(Errno.EOVERFLOW, what);
    }
    return bytes;
  }

  /** The part of {@code do_mmap} that checks flags and file; whether MAP_SHARED was asked for. */
  static boolean checkedSharing(Mappable file, int prot, int flags) throws Ext2Exception {
    int type = flags & MAP_TYPE;
    boolean shared = type == AddressSpace.MAP_SHARED || type == AddressSpace.MAP_SHARED_VALIDATE;
    if (!shared && type != AddressSpace.MAP_PRIVATE) {
      throw new Ext2Exception(Errno.EINVAL, "mmap type " + type);
    }
    if (type == AddressSpace.MAP_SHARED_VALIDATE && (flags & ~(LEGACY_FLAGS | MAP_TYPE)) != 0) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "mmap flags 0x" + Integer.toHexString(flags));
    }
    boolean stores = (prot & AddressSpace.PROT_WRITE) != 0;
    if (shared && (file.writable() ? file.appendOnly() : stores)) {
      throw new Ext2Exception(
          Errno.EACCES,
          file.writable() ? "the file is append-only" : "the file is open for reading only");
    }
    if (!file.readable()) {
      throw new Ext2Exception(Errno.EACCES, "the file is not open for reading");
    }
    return shared;
  }
}
