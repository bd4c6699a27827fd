// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.file.Ext2File;
import io.pmem4j.ext2.mm.HostMapping;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.pmem.PageWindow;
import io.pmem4j.pmem.PmemMediaException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;

/**
 * A part of a file as memory of this process. Thread-safe.
 *
 * <ul>
 *   <li>Loads and stores are the file's own bytes: {@link OpenFile#pread}, {@link OpenFile#pwrite}
 *       and other mappings see them, and are seen, at once.
 *   <li>A PRIVATE mapping keeps its stores to itself. It shows what others store until it stores to
 *       that page; what was a hole when it was mapped stays zeros.
 *   <li>A READ_ONLY mapping shows zeros where the file has holes, and blocks when they appear.
 *   <li>When the file is truncated, an access behind its end is an {@link InternalError}; it never
 *       shows what the freed blocks hold later. Where the file grows again, the mapping does: if
 *       there are blocks for it, else it stays an error there.
 *   <li>An unlinked file, and one that is closed, stay until the arena is closed. The file system
 *       cannot be unmounted before; accesses after it are {@link IllegalStateException}s.
 *   <li>Stores do not change the file's times, and a frozen file system does not stop them.
 * </ul>
 */
public final class FileMapping {
  /** Four times what the largest file has; indexes of pages stay ints. */
  private static final long MAX_BYTES = (long) Integer.MAX_VALUE * Mmu.PAGE_BYTES;

  private final HostMapping mapping;
  private final PageWindow window;
  private final MemorySegment segment;

  private FileMapping(HostMapping mapping, PageWindow window, MemorySegment segment) {
    this.mapping = mapping;
    this.window = window;
    this.segment = segment;
  }

  static FileMapping of(Ext2File file, MapMode mode, long position, long length, Arena arena)
      throws Ext2Exception {
    if (position < 0
        || position % Mmu.PAGE_BYTES != 0
        || length <= 0
        || length > Long.MAX_VALUE - position - Mmu.HUGE_BYTES) {
      throw new Ext2Exception(Errno.EINVAL, "map of " + length + " bytes at " + position);
    }
    if (length > MAX_BYTES) {
      throw new Ext2Exception(
          Errno.ENOMEM, "map of " + length + " bytes, expected at most " + MAX_BYTES);
    }
    if (file.inode().contents().pages() != null) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "map without the mount option dax");
    }
    HostMapping.Mapped mapped =
        HostMapping.map(
            file.newAddressSpace(),
            file,
            file.inode()::size,
            access(mode),
            position,
            (length + Mmu.PAGE_BYTES - 1) & -Mmu.PAGE_BYTES,
            arena);
    return new FileMapping(mapped.mapping(), mapped.window(), mapped.segment().asSlice(0, length));
  }

  private static PageWindow.Access access(MapMode mode) throws Ext2Exception {
    if (mode.equals(MapMode.READ_ONLY)) {
      return PageWindow.Access.READ_ONLY;
    }
    if (mode.equals(MapMode.READ_WRITE)) {
      return PageWindow.Access.READ_WRITE;
    }
    if (mode.equals(MapMode.PRIVATE)) {
      return PageWindow.Access.PRIVATE;
    }
    throw new Ext2Exception(Errno.EINVAL, "map mode " + mode);
  }

  /** The memory, contiguous; read-only in a READ_ONLY mapping. */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Copies bytes out, and tells where there are none: an access of the {@link #segment} tells the
   * same by an {@link InternalError}, which the JVM throws at some point after it.
   *
   * @param offset in the mapping, bytes
   * @throws Ext2Exception EIO where the file has ended; {@code target} then holds anything
   * @throws IndexOutOfBoundsException if the range is not inside the mapping
   * @throws IllegalStateException if the arena is closed
   */
  public void read(long offset, byte[] target) throws Ext2Exception {
    try {
      window.read(segment, offset, target);
    } catch (PmemMediaException nothing) {
      Ext2Exception ended = new Ext2Exception(Errno.EIO, "nothing is mapped at " + offset);
      ended.initCause(nothing);
      throw ended;
    }
  }

  /**
   * Makes stores durable, in the way of the region that the file system is in. The blocks
   * themselves belong to the file for good after an {@link OpenFile#fsync} behind {@link
   * OpenFile#map}, or behind what made the file grow.
   *
   * @param offset in the mapping, bytes
   * @throws IndexOutOfBoundsException if the range is not inside the mapping
   * @throws IllegalArgumentException if it is no READ_WRITE mapping
   * @throws IllegalStateException if the arena is closed
   * @throws Ext2Exception EIO where the file has ended
   */
  public void persist(long offset, long length) throws Ext2Exception {
    java.util.Objects.checkFromIndexSize(offset, length, segment.byteSize());
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("Already closed");
    }
    mapping.persist(offset, length);
  }
}
