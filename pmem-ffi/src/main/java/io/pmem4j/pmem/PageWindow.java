// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A range of addresses that maps pages of a region's file in any order, so that scattered extents
 * form one contiguous segment. An access to a page that is not mapped throws {@link InternalError},
 * as past EOF of a mapped file. It never sees another page's bytes and never ends the JVM. Source:
 * mmap(2), MAP_FIXED.
 *
 * <p>Changes are atomic: each access sees the page before the change or the one after it. Once
 * {@link #revoke} has returned, no access sees the page any more. Thread-safe.
 *
 * <p>Each extent that is shown is a mapping of its own unless it continues its neighbour. The
 * kernel limits the mappings of a process (vm.max_map_count). Windows leave one in 16 to the rest
 * of the JVM, which ends if it can map nothing.
 */
public final class PageWindow implements AutoCloseable {
  /** The size of a page in bytes; every offset and length is a multiple. */
  public static final int PAGE_BYTES = 4096;

  /** The size of a huge page in bytes; it needs addresses congruent to offsets in the file. */
  public static final long HUGE_BYTES = 2L << 20;

  /** The accesses that a window allows. */
  public enum Access {
    /** Loads only; the segment is read-only. */
    READ_ONLY,
    /** Loads, and stores into the region. */
    READ_WRITE,
    /** Loads, and stores that are visible only through this window. */
    PRIVATE
  }

  private final PmemRegion region;
  private final Access access;
  private final NativeFile file;
  private final int sharing;
  private final long reserved;
  private final long reservedLength;
  private final long address;
  private final long length;
  private boolean adopted;
  private boolean closed;

  private PageWindow(
      PmemRegion region,
      Access access,
      NativeFile file,
      int sharing,
      long reserved,
      long reservedLength,
      long address,
      long length) {
    this.region = region;
    this.access = access;
    this.file = file;
    this.sharing = sharing;
    this.reserved = reserved;
    this.reservedLength = reservedLength;
    this.address = address;
    this.length = length;
  }

  /** An empty file: all of its mapping is past EOF. Never closed. */
  static final class EmptyFile {
    private static int descriptor = -1;

    private EmptyFile() {}

    static synchronized int descriptor() throws IOException {
      if (descriptor < 0) {
        descriptor = NativePages.emptyFile();
      }
      return descriptor;
    }
  }

  /**
   * Reserves addresses and shows no page yet.
   *
   * @param region the pages to show, of an ordinary or fsdax file; the region begins on a page of
   *     the file
   * @param length bytes, a multiple of {@link #PAGE_BYTES}
   * @param congruentTo an offset in the region, in bytes; it and the first address are congruent
   *     modulo 2 MiB, so that huge pages are possible
   * @throws IllegalArgumentException if the region or the length is not made of whole pages
   * @throws IOException if the file cannot be opened again, or addresses are exhausted
   */
  public static PageWindow reserve(PmemRegion region, long length, Access access, long congruentTo)
      throws IOException {
    if (length <= 0
        || length % PAGE_BYTES != 0
        || length > Long.MAX_VALUE - HUGE_BYTES
        || region.fileOffset() % PAGE_BYTES != 0) {
      throw new IllegalArgumentException(
          "a window of " + length + " bytes over a region at " + region.fileOffset());
    }
    NativeFile file = region.reopen(access == Access.READ_WRITE);
    long whole = 0;
    try {
      long all = length + HUGE_BYTES;
      int empty = EmptyFile.descriptor();
      whole = NativePages.mmap(0, all, prot(access), NativePages.MAP_SHARED, empty, 0);
      long wanted = Math.floorMod(region.fileOffset() + congruentTo, HUGE_BYTES);
      long address = whole + Math.floorMod(wanted - whole, HUGE_BYTES);
      int sharing = sharing(region, access, file, address);
      MappedRanges.add(whole, all);
      return new PageWindow(region, access, file, sharing, whole, all, address, length);
    } catch (IOException | RuntimeException | Error failure) {
      if (whole != 0) {
        NativePages.munmap(whole, length + HUGE_BYTES);
      }
      file.close();
      throw failure;
    }
  }

  /**
   * Returns flags with MAP_SYNC where the region has it. Without it the write-back of cache lines
   * does not make new blocks durable.
   */
  private static int sharing(PmemRegion region, Access access, NativeFile file, long address)
      throws IOException {
    if (access == Access.PRIVATE) {
      return NativePages.MAP_PRIVATE | NativePages.MAP_NORESERVE;
    }
    if (region.granularity() == Granularity.PAGE) {
      return NativePages.MAP_SHARED;
    }
    int sync = NativePages.MAP_SHARED_VALIDATE | NativePages.MAP_SYNC;
    try {
      NativePages.mmap(
          address, PAGE_BYTES, prot(access), sync | NativePages.MAP_FIXED, file.descriptor, 0);
    } catch (IOException refused) {
      return NativePages.MAP_SHARED; // not granted: the granularity was forced
    }
    NativePages.mmap(
        address,
        PAGE_BYTES,
        prot(access),
        NativePages.MAP_SHARED | NativePages.MAP_FIXED,
        EmptyFile.descriptor(),
        0);
    return sync;
  }

  private static int prot(Access access) {
    return NativePages.PROT_READ | (access == Access.READ_ONLY ? 0 : NativePages.PROT_WRITE);
  }

  /** Returns the length in bytes. */
  public long byteSize() {
    return length;
  }

  /**
   * Transfers the window to an arena, which closes it; {@link #close} does nothing from then on.
   *
   * @param beforeClose called when the arena closes, before the window is unmapped
   * @return the whole window
   * @throws IllegalStateException if the arena is closed, or if the window was closed or adopted
   *     before; the window is unchanged
   */
  public synchronized MemorySegment adopt(Arena arena, Runnable beforeClose) {
    if (adopted || closed) {
      throw new IllegalStateException(
          closed ? "the window is closed" : "the window belongs to an arena already");
    }
    MemorySegment segment =
        MemorySegment.ofAddress(address)
            .reinterpret(
                length,
                arena,
                _ -> {
                  try {
                    beforeClose.run();
                  } finally {
                    unmap();
                  }
                });
    adopted = true;
    return access == Access.READ_ONLY ? segment.asReadOnly() : segment;
  }

  /**
   * Copies bytes out of a segment of {@link #adopt}, or of a part of one, by checked loads.
   *
   * @throws PmemMediaException if a page of the range is not shown, with the offset in the segment;
   *     the content of {@code target} is then undefined
   */
  public void read(MemorySegment segment, long offset, byte[] target) {
    try {
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, target, 0, target.length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      if (!MediaFault.is(fault)) {
        throw fault;
      }
      throw PmemMediaException.at("read", region.path(), offset, target.length, fault);
    }
  }

  private void check(long at, long bytes) {
    Objects.checkFromIndexSize(at, bytes, length);
    if (at % PAGE_BYTES != 0 || bytes % PAGE_BYTES != 0 || bytes == 0) {
      throw new IllegalArgumentException(bytes + " bytes at " + at + " are no pages");
    }
  }

  /**
   * Shows a part of the region.
   *
   * @param at offset in the window, in bytes
   * @param offset offset in the region, in bytes
   * @param bytes length in bytes
   * @throws IOException if the process may have no other mapping; the window is unchanged
   */
  public synchronized void show(long at, long offset, long bytes) throws IOException {
    check(at, bytes);
    Objects.checkFromIndexSize(offset, bytes, region.byteSize());
    if (offset % PAGE_BYTES != 0) {
      throw new IllegalArgumentException("offset " + offset + " in the region is not a page's");
    }
    if (!closed) {
      MappingBudget.process().reserve();
      int flags = sharing | NativePages.MAP_FIXED;
      NativePages.mmap(
          address + at, bytes, prot(access), flags, file.descriptor, region.fileOffset() + offset);
    }
  }

  /**
   * Shows zeros; a {@link Access#PRIVATE} window may store to them.
   *
   * @throws IllegalStateException in a {@link Access#READ_WRITE} window, where stores would be lost
   * @throws IOException if the process may have no other mapping; the window is unchanged
   */
  public synchronized void zeros(long at, long bytes) throws IOException {
    check(at, bytes);
    if (access == Access.READ_WRITE) {
      throw new IllegalStateException("stores to zeros would be lost");
    }
    if (!closed) {
      MappingBudget.process().reserve();
      int flags =
          NativePages.MAP_PRIVATE
              | NativePages.MAP_ANONYMOUS
              | NativePages.MAP_NORESERVE
              | NativePages.MAP_FIXED;
      NativePages.mmap(address + at, bytes, prot(access), flags, -1, 0);
    }
  }

  /**
   * Unmaps pages: an access to them throws {@link InternalError} from now on. It always succeeds.
   * If the kernel allows no other mapping, the whole window is revoked.
   */
  public synchronized void revoke(long at, long bytes) {
    check(at, bytes);
    if (closed) {
      return;
    }
    int flags = NativePages.MAP_SHARED | NativePages.MAP_FIXED;
    try {
      try {
        NativePages.mmap(address + at, bytes, prot(access), flags, EmptyFile.descriptor(), 0);
      } catch (IOException noRoom) {
        // One mapping replaces all of it, so the number of mappings does not grow.
        NativePages.mmap(reserved, reservedLength, prot(access), flags, EmptyFile.descriptor(), 0);
      }
    } catch (IOException impossible) {
      throw new IllegalStateException("pages of a window cannot be taken away", impossible);
    }
  }

  /** Releases the addresses, unless an arena owns the window. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (!adopted) {
      unmap();
    }
  }

  private synchronized void unmap() {
    if (!closed) {
      closed = true;
      MappedRanges.remove(reserved);
      NativePages.munmap(reserved, reservedLength);
      file.close();
    }
  }
}
