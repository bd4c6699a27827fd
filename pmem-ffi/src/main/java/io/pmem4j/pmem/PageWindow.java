// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A range of addresses that shows pages of a region's file in any order: what lies in pieces all
 * over the region can be one contiguous segment. Where nothing is shown an access is an {@link
 * InternalError}, as behind the end of a mapped file; never another page's bytes, never the end of
 * the JVM. Source: mmap(2), MAP_FIXED.
 *
 * <p>Changes are atomic for those who access: each access sees the page of before or that of after.
 * Once {@link #revoke} has returned nobody sees the page any more. Thread-safe.
 *
 * <p>A piece that is shown is a mapping of its own unless it continues its neighbour; the kernel
 * allows some 65,000 of them to a process (vm.max_map_count), of which windows leave one in 16 to
 * everybody else: a JVM that can map nothing any more ends.
 */
public final class PageWindow implements AutoCloseable {
  /** Bytes of a page: every offset and length is a multiple. */
  public static final int PAGE_BYTES = 4096;

  /** What the kernel can map at once where addresses are congruent to places in the file. */
  public static final long HUGE_BYTES = 2L << 20;

  /** What can be done with what a window shows. */
  public enum Access {
    /** Loads; the segment is read-only. */
    READ_ONLY,
    /** Loads, and stores into the region. */
    READ_WRITE,
    /** Loads, and stores that only this window shows. */
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

  /** A file of no bytes: all of a mapping of it is behind its end. Open as long as the JVM. */
  private static final class Nothing {
    private static int descriptor = -1;

    private Nothing() {}

    static synchronized int file() throws IOException {
      if (descriptor < 0) {
        descriptor = NativePages.emptyFile();
      }
      return descriptor;
    }
  }

  /**
   * Reserves addresses; nothing is shown yet.
   *
   * @param region whose pages it will show, of an ordinary or fsdax file; a page of the region has
   *     to be a page of the file
   * @param length bytes, a multiple of {@link #PAGE_BYTES}
   * @param congruentTo an offset in the region: the first address has the same place in its 2 MiB
   *     as that byte has in the file's, so that huge pages are possible there
   * @throws IllegalArgumentException for a region or length that has no whole pages
   * @throws IOException if the file cannot be opened again, or there are no addresses
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
      int nothing = Nothing.file();
      whole = NativePages.mmap(0, all, prot(access), NativePages.MAP_SHARED, nothing, 0);
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
   * MAP_SYNC where the region has it: else written-back lines of new blocks would not be enough.
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
        Nothing.file(),
        0);
    return sync;
  }

  private static int prot(Access access) {
    return NativePages.PROT_READ | (access == Access.READ_ONLY ? 0 : NativePages.PROT_WRITE);
  }

  /** Bytes. */
  public long byteSize() {
    return length;
  }

  /**
   * Hands the window over to an arena, which closes it; {@link #close} does nothing from then on.
   *
   * @param beforeClose called when the arena closes, first; nothing is shown after it
   * @return all of the window
   * @throws IllegalStateException if the arena is closed, and the window is as before; or if the
   *     window was closed or handed over already
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
   * A checked copy out of a segment that {@link #adopt} has made, or a part of one: what an access
   * of Java alone would report somewhat later, and without the place.
   *
   * @throws PmemMediaException if nothing is shown in a part of the range, with the offset in the
   *     segment; {@code target} then holds anything
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
   * @param at place in the window, bytes
   * @param offset in the region, bytes
   * @param bytes how many
   * @throws IOException if there cannot be another mapping; the window is as before
   */
  public synchronized void show(long at, long offset, long bytes) throws IOException {
    check(at, bytes);
    Objects.checkFromIndexSize(offset, bytes, region.byteSize());
    if (offset % PAGE_BYTES != 0) {
      throw new IllegalArgumentException("offset " + offset + " in the region is not a page's");
    }
    if (!closed) {
      MappingRoom.ofThisProcess().take();
      int flags = sharing | NativePages.MAP_FIXED;
      NativePages.mmap(
          address + at, bytes, prot(access), flags, file.descriptor, region.fileOffset() + offset);
    }
  }

  /**
   * Shows zeros, which in a {@link Access#PRIVATE} window may be stored to.
   *
   * @throws IllegalStateException in a window whose stores have to arrive
   * @throws IOException if there cannot be another mapping; the window is as before
   */
  public synchronized void zeros(long at, long bytes) throws IOException {
    check(at, bytes);
    if (access == Access.READ_WRITE) {
      throw new IllegalStateException("stores to zeros would be lost");
    }
    if (!closed) {
      MappingRoom.ofThisProcess().take();
      int flags =
          NativePages.MAP_PRIVATE
              | NativePages.MAP_ANONYMOUS
              | NativePages.MAP_NORESERVE
              | NativePages.MAP_FIXED;
      NativePages.mmap(address + at, bytes, prot(access), flags, -1, 0);
    }
  }

  /**
   * Shows nothing any more: whoever accesses these pages from now on gets an {@link InternalError}.
   * It always succeeds: where the kernel has no room for another mapping, the whole window goes.
   */
  public synchronized void revoke(long at, long bytes) {
    check(at, bytes);
    if (closed) {
      return;
    }
    int flags = NativePages.MAP_SHARED | NativePages.MAP_FIXED;
    try {
      try {
        NativePages.mmap(address + at, bytes, prot(access), flags, Nothing.file(), 0);
      } catch (IOException noRoom) {
        // All of it is one mapping, which needs no room.
        NativePages.mmap(reserved, reservedLength, prot(access), flags, Nothing.file(), 0);
      }
    } catch (IOException impossible) {
      throw new IllegalStateException("pages of a window cannot be taken away", impossible);
    }
  }

  /** Gives the addresses back, unless an arena has the window. Twice does nothing. */
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
