// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.pmem.PageWindow;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/**
 * A range of a file as memory of this process: mmap(2) with MAP_POPULATE. The faults that no access
 * can make here are made ahead, through the file's handlers: all of them when it is mapped, and
 * those of what is new when a system call or a simulated mapping has changed the file. Thread-safe.
 *
 * <p>Addresses are congruent, modulo 2 MiB, to where the first 2 MiB of the file that lie in one
 * piece are in the image's file; what lies otherwise shifted, as behind each further block of
 * pointers, is mapped page by page. Whether the processor maps 2 MiB at once is then up to the file
 * system of the image: tmpfs with {@code huge=always} does. Pieces are mapped with MAP_SYNC where
 * the region is, so on fsdax a flush from user space is enough here too. A devdax image would need
 * one of 4 KiB alignment, since a device maps nothing smaller than its alignment (2 MiB by
 * default), and could not be shown privately, since devices only map shared.
 */
public final class HostMapping {
  private final AddressSpace mm;
  private final HostMmu mmu;
  private final Mappable file;
  private final LongSupplier fileBytes;
  private final boolean stores;
  private final Vma vma;

  private HostMapping(
      AddressSpace mm,
      HostMmu mmu,
      Mappable file,
      LongSupplier fileBytes,
      PageWindow.Access access,
      long position,
      long length)
      throws Ext2Exception {
    this.mm = mm;
    this.mmu = mmu;
    this.file = file;
    this.fileBytes = fileBytes;
    this.stores = access == PageWindow.Access.READ_WRITE;
    if (stores && !file.writable()) {
      throw new Ext2Exception(Errno.EACCES, "not open for writing");
    }
    int prot =
        AddressSpace.PROT_READ
            | (access == PageWindow.Access.READ_ONLY ? 0 : AddressSpace.PROT_WRITE);
    int sharing =
        access == PageWindow.Access.PRIVATE ? AddressSpace.MAP_PRIVATE : AddressSpace.MAP_SHARED;
    this.vma = mm.mmap(file, position, length, prot, sharing, Mmu.HUGE_BYTES);
  }

  /**
   * Maps; the segment lives as long as the arena.
   *
   * @param mm an address space that has nothing else
   * @param fileBytes the size of the file, whenever asked
   * @param position a multiple of {@link Mmu#PAGE_BYTES}
   * @param length a multiple of {@link Mmu#PAGE_BYTES}
   * @return the mapping, and its memory
   * @throws Ext2Exception EACCES, EINVAL; ENOSPC and EIO of the faults; EOPNOTSUPP if the file
   *     system's memory is no mapped file, or under the profile of 4.4; ENOMEM without addresses
   */
  public static Mapped map(
      AddressSpace mm,
      Mappable file,
      LongSupplier fileBytes,
      PageWindow.Access access,
      long position,
      long length,
      Arena arena)
      throws Ext2Exception {
    if (!(file.memory() instanceof PmemRegion region)) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "the file system is not in a mapped file");
    }
    if (file.faultHandler().showsHolesAsPages()) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "these handlers answer to accesses only");
    }
    HostMmu mmu = mm.showOnHost();
    HostMapping mapping = new HostMapping(mm, mmu, file, fileBytes, access, position, length);
    PageWindow window = null;
    boolean done = false;
    try {
      mmu.mapped(mapping.vma, mapping::populateWhatThereIs);
      mapping.populate();
      window = PageWindow.reserve(region, mapping.bytes(), access, mmu.congruentTo());
      mmu.attach(window);
      MemorySegment segment = window.adopt(arena, mapping::unmap);
      done = true;
      return new Mapped(mapping, window, segment);
    } catch (IllegalArgumentException notPages) {
      throw refusal(Errno.EINVAL, notPages);
    } catch (Ext2Exception refused) {
      throw refused;
    } catch (IOException | UncheckedIOException noAddresses) {
      throw refusal(Errno.ENOMEM, noAddresses);
    } finally {
      if (!done) {
        mapping.unmap();
        if (window != null) {
          window.close();
        }
      }
    }
  }

  /** The result of {@link #map}. */
  public record Mapped(HostMapping mapping, PageWindow window, MemorySegment segment) {}

  private static Ext2Exception refusal(Errno errno, Exception reason) {
    Ext2Exception refusal = new Ext2Exception(errno, "" + reason.getMessage());
    refusal.initCause(reason);
    return refusal;
  }

  private long bytes() {
    return vma.end() - vma.start();
  }

  private void unmap() {
    try {
      mm.munmap(vma);
    } catch (Ext2Exception failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Maps all pages that have a block. A page whose fault fails stays unmapped, as after SIGBUS. */
  private void populateWhatThereIs() {
    try {
      // The call that changed the file has succeeded; who loads from a page that cannot be had
      // gets the error. Pages behind it may well have blocks.
      populate(true);
    } catch (Ext2Exception | UncheckedIOException _) {
      // The error of the first page.
    }
  }

  private void populate() throws Ext2Exception {
    populate(false);
  }

  private void populate(boolean goesOn) throws Ext2Exception {
    Ext2Exception first = null;
    for (int page = mmu.nextMissing(0); page >= 0; page = mmu.nextMissing(page + 1)) {
      if (isBehindTheEnd(page)) {
        break;
      }
      long address = vma.start() + (long) page * Mmu.PAGE_BYTES;
      PageFault fault = new PageFault(vma, address, stores, false, null);
      if (mm.fault(fault).isError() && !isBehindTheEnd(page) && first == null) {
        Ext2Exception reason = fault.reason();
        first = reason != null ? reason : new Ext2Exception(Errno.EIO, "fault on page " + page);
        if (!goesOn) {
          break;
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private boolean isBehindTheEnd(int page) {
    return (vma.pgoff() + page) * Mmu.PAGE_BYTES >= fileBytes.getAsLong();
  }

  /**
   * Makes stores durable: they are when it returns.
   *
   * @param offset in the mapping, bytes
   * @throws IndexOutOfBoundsException if the range is not inside the mapping
   * @throws IllegalArgumentException if stores here are not the file's
   * @throws Ext2Exception EIO where the file has ended
   */
  public void persist(long offset, long length) throws Ext2Exception {
    java.util.Objects.checkFromIndexSize(offset, length, bytes());
    if (!stores) {
      throw new IllegalArgumentException("stores through this mapping are not the file's");
    }
    PersistentMemory memory = file.memory();
    long at = offset;
    while (at < offset + length) {
      PagemapEntry entry = mmu.entry(vma.start() + at);
      if (entry.kind() == PagemapEntry.Kind.NONE) {
        // A huge entry may just have gone because the file was cut behind this page.
        populate();
        entry = mmu.entry(vma.start() + at);
      }
      if (entry.kind() != PagemapEntry.Kind.BLOCK) {
        throw new Ext2Exception(Errno.EIO, "nothing is mapped at " + at);
      }
      long inPage = at % Mmu.PAGE_BYTES;
      long now = Math.min(Mmu.PAGE_BYTES - inPage, offset + length - at);
      memory.flush(entry.block() * Mmu.PAGE_BYTES + inPage, now);
      at += now;
    }
    memory.drain();
  }

  /** Returns the page table entry at an offset of the mapping. */
  public PagemapEntry pagemap(long offset) {
    return mm.pagemap(vma, offset);
  }
}
