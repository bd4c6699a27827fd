// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;

/**
 * One {@code mm_struct}: mappings of files, their page table, and user access through it. Tasks
 * that share an address space use one object from several threads; it is thread-safe.
 *
 * <p>Stores through a shared mapping are durable after {@link #msync} with {@link #MS_SYNC}.
 */
public final class AddressSpace {
  /** The protection that allows loads, PROT_READ. */
  public static final int PROT_READ = 1;

  /** The protection that allows stores, PROT_WRITE. */
  public static final int PROT_WRITE = 2;

  /** MAP_SHARED: unknown flags are ignored. */
  public static final int MAP_SHARED = 1;

  /** The flag of a private mapping, MAP_PRIVATE. */
  public static final int MAP_PRIVATE = 2;

  /** MAP_SHARED_VALIDATE: unknown flags are refused. */
  public static final int MAP_SHARED_VALIDATE = 3;

  /** MAP_SYNC: ext2 does not offer it. */
  public static final int MAP_SYNC = 0x80000;

  /** The flag that lets mremap(2) move a mapping, MREMAP_MAYMOVE. */
  public static final int MREMAP_MAYMOVE = 1;

  /** MREMAP_FIXED, at a place of this class's choice. */
  public static final int MREMAP_FIXED = 2;

  /** MS_ASYNC: does nothing on a DAX file. */
  public static final int MS_ASYNC = 1;

  /** The flag of msync(2) that has no effect on DAX, MS_INVALIDATE. */
  public static final int MS_INVALIDATE = 2;

  /** The flag of msync(2) that waits for durability, MS_SYNC. */
  public static final int MS_SYNC = 4;

  /** {@code TASK_SIZE_MAX}: where user addresses end, with page tables of four levels. */
  static final long TASK_SIZE = 0x7fff_ffff_f000L;

  private final ZeroPage zeros;
  private final PageTable pageTable;
  private final OrderedRwSemaphore mmapLock;
  private final Scheduler scheduler;
  private final UserAccess access;

  private final LockValidator validator;

  /** Guarded by {@link #mmapLock}. */
  private final VmaTree vmas;

  private final MappingChanges changes;

  /** The page table, or what shows it to the processor. */
  private volatile Mmu mmu;

  /**
   * An empty address space.
   *
   * @param validator what checks {@code mmap_lock}: that of the file system whose files are mapped
   * @param zeros what its holes are mapped as
   */
  public AddressSpace(Scheduler scheduler, LockValidator validator, ZeroPage zeros) {
    this.zeros = zeros;
    this.scheduler = scheduler;
    this.validator = validator;
    this.pageTable = new PageTable(scheduler, zeros);
    this.mmu = pageTable;
    this.vmas = new VmaTree(pageTable);
    this.changes = new MappingChanges(vmas, pageTable);
    this.mmapLock = new OrderedRwSemaphore(scheduler, validator, LockClass.MMAP_LOCK, "mmap_lock");
    this.access = new UserAccess(pageTable, mmapLock, vmas);
  }

  /** The page table. */
  public Mmu mmu() {
    return mmu;
  }

  /** From now on the processor shows what is mapped; before anything is. */
  HostMmu showOnHost() {
    HostMmu host = new HostMmu(pageTable);
    mmu = host;
    return host;
  }

  /** Makes a fault that no access makes. */
  FaultResult fault(PageFault fault) {
    return access.fault(fault);
  }

  /**
   * Maps a range of a file.
   *
   * @param position first byte in the file, taken as unsigned; a multiple of {@link Mmu#PAGE_BYTES}
   * @param length bytes, taken as unsigned, rounded up to whole pages; may reach beyond the end of
   *     the file
   * @param prot {@link #PROT_READ} and {@link #PROT_WRITE}
   * @param flags one of MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, with further flags
   * @throws Ext2Exception EINVAL, ENOMEM, EOVERFLOW, EOPNOTSUPP, EACCES or ENODEV as mmap(2),
   *     checked in this order
   */
  public Vma mmap(Mappable file, long position, long length, int prot, int flags)
      throws Ext2Exception {
    return mmap(file, position, length, prot, flags, Mmu.PAGE_BYTES);
  }

  /**
   * As {@link #mmap(Mappable, long, long, int, int)}, at an address of the caller's choice.
   *
   * @param align what the address is a multiple of: a power of two, at least {@link
   *     Mmu#PAGE_BYTES}; no other mapping lies in the same block of that size
   * @throws Ext2Exception EINVAL also for another alignment
   */
  public Vma mmap(Mappable file, long position, long length, int prot, int flags, long align)
      throws Ext2Exception {
    if (align < Mmu.PAGE_BYTES || Long.bitCount(align) != 1) {
      throw new Ext2Exception(Errno.EINVAL, "mmap at a multiple of " + align);
    }
    long bytes = MmapArguments.checkedLength(file, position, length);
    boolean shared = MmapArguments.checkedSharing(file, prot, flags);
    Vma vma;
    try (var _ = mmapLock.exclusive()) {
      file.mapped();
      long start = vmas.place(align);
      vma =
          new Vma(
              this,
              file,
              start,
              start + bytes,
              position / Mmu.PAGE_BYTES,
              VmaFlags.of(shared, file.writable(), prot));
      // No other mapping in the same block.
      vmas.taken((vma.end() - 1) | (align - 1));
      vmas.insert(vma);
    }
    return vma;
  }

  /** Removes a mapping; private copies are lost. Removing it twice does nothing. */
  public void munmap(Vma vma) throws Ext2Exception {
    munmap(vma, 0, vma.end() - vma.start());
  }

  /**
   * munmap(2) of a part of a mapping, or of what is left of it.
   *
   * @param offset from the mapping's first address, a multiple of {@link Mmu#PAGE_BYTES}
   * @param length bytes, rounded up to whole pages
   * @throws Ext2Exception EINVAL
   */
  public void munmap(Vma vma, long offset, long length) throws Ext2Exception {
    if (length <= 0) {
      throw new Ext2Exception(Errno.EINVAL, "munmap of " + length + " bytes");
    }
    long first = address(vma, offset);
    List<Mappable> files;
    try (var _ = mmapLock.exclusive()) {
      files = vmas.remove(first, first + roundUp(length));
    }
    releaseFiles(files);
  }

  /** The last reference may evict the inode, which the kernel too does after mmap_lock. */
  private static void releaseFiles(List<Mappable> files) throws Ext2Exception {
    for (Mappable file : files) {
      file.unmapped();
    }
  }

  /** {@code exit_mmap}: removes all mappings. */
  public void exit() throws Ext2Exception {
    List<Mappable> files;
    try (var _ = mmapLock.exclusive()) {
      files = vmas.remove(0, Long.MAX_VALUE - Mmu.HUGE_BYTES);
    }
    releaseFiles(files);
  }

  /**
   * fork(2): the address space of a child, with the same mappings at the same addresses, so that a
   * {@link Vma} of this one is the place of its twin there. Of shared mappings it has no entries
   * yet; of private ones with copies it has all, and both are read-only until somebody stores.
   */
  public AddressSpace fork() throws Ext2Exception {
    AddressSpace child = new AddressSpace(scheduler, validator, zeros);
    try (var _ = mmapLock.exclusive();
        var _ = child.mmapLock.exclusive()) {
      child.vmas.placeAs(vmas);
      for (Vma each : vmas.all()) {
        if ((each.flags().advice() & VmaFlags.DONT_COPY) != 0) {
          continue;
        }
        Vma twin = each.in(child);
        twin.file().mappedAgain();
        child.vmas.insert(twin);
        if (each.hasCopies()) {
          pageTable.copyTo(child.pageTable, each);
        }
      }
    }
    return child;
  }

  /**
   * Changes the protection of a range, as mprotect(2) does.
   *
   * @param offset from the mapping's first address, a multiple of {@link Mmu#PAGE_BYTES}
   * @param length bytes, rounded up to whole pages
   * @param prot {@link #PROT_READ} and {@link #PROT_WRITE}, or 0 for neither
   * @throws Ext2Exception EINVAL; EACCES where a shared mapping's file is not open for writing;
   *     ENOMEM where nothing is mapped, and for a range without end. What lies before is changed
   */
  public void mprotect(Vma vma, long offset, long length, int prot) throws Ext2Exception {
    long first = address(vma, offset);
    long end = first + roundUp(length);
    if (length == 0) {
      return;
    }
    if (end <= first) {
      throw new Ext2Exception(Errno.ENOMEM, "mprotect of " + length + " bytes");
    }
    try (var _ = mmapLock.exclusive()) {
      changes.protect(first, end, prot);
    }
  }

  /**
   * Gives advice about a range, as madvise(2) does.
   *
   * @param offset from the mapping's first address, a multiple of {@link Mmu#PAGE_BYTES}
   * @param length bytes, rounded up to whole pages
   * @param advice a constant of {@link Advice}
   * @throws Ext2Exception EINVAL, EACCES, EOPNOTSUPP; ENOMEM where nothing is mapped, after the
   *     rest was done
   */
  public void madvise(Vma vma, long offset, long length, int advice) throws Ext2Exception {
    Advice known = Advice.of(advice);
    long first = address(vma, offset);
    long end = first + roundUp(length);
    if (end < first || (length != 0 && first == end)) {
      throw new Ext2Exception(Errno.EINVAL, "madvise of " + length + " bytes");
    }
    if (length == 0) {
      return;
    }
    try (var _ = known.changesMappings() ? mmapLock.exclusive() : mmapLock.shared()) {
      changes.advise(first, end, known);
    }
  }

  /**
   * mremap(2) of a whole mapping.
   *
   * @param length the new length, bytes, taken as unsigned, rounded up to whole pages
   * @param flags {@link #MREMAP_MAYMOVE}, and {@link #MREMAP_FIXED} for a place elsewhere in any
   *     case
   * @return the mapping now; the old one is no place any more
   * @throws Ext2Exception EINVAL; EFAULT if it was divided or is gone; ENOMEM if it may not move,
   *     or for more than there are addresses
   */
  public Vma mremap(Vma vma, long length, int flags) throws Ext2Exception {
    boolean fixed = (flags & MREMAP_FIXED) != 0;
    boolean mayMove = (flags & MREMAP_MAYMOVE) != 0;
    long bytes = roundUp(length);
    String what = "mremap to " + Long.toUnsignedString(length) + " bytes";
    if ((flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE)) != 0 || bytes == 0) {
      throw new Ext2Exception(Errno.EINVAL, what);
    }
    // A program that gives an address has found it with mmap(2) before.
    if (fixed && Long.compareUnsigned(bytes, TASK_SIZE) > 0) {
      throw new Ext2Exception(Errno.ENOMEM, what);
    }
    if (fixed && !mayMove) {
      throw new Ext2Exception(Errno.EINVAL, what);
    }
    List<Mappable> released = new ArrayList<>();
    try (var _ = mmapLock.exclusive()) {
      return changes.remap(vma, bytes, mayMove, fixed, released);
    } finally {
      releaseFiles(released);
    }
  }

  /**
   * mincore(2): for each page whether the page table shows it, or the file's page cache holds it,
   * which a DAX file has not.
   *
   * @param offset from the mapping's first address, a multiple of {@link Mmu#PAGE_BYTES}
   * @throws Ext2Exception EINVAL; ENOMEM where nothing is mapped, and for more than 2^31 pages
   */
  public boolean[] mincore(Vma vma, long offset, long length) throws Ext2Exception {
    long first = address(vma, offset);
    long end = first + roundUp(length);
    if (length < 0 || length > (long) Integer.MAX_VALUE * Mmu.PAGE_BYTES) {
      throw new Ext2Exception(Errno.ENOMEM, "mincore of " + length + " bytes");
    }
    try (var _ = mmapLock.shared()) {
      return changes.present(first, end);
    }
  }

  /**
   * A range of a mapping as the buffer of a system call: whoever copies faults as a program does.
   */
  public UserBuffer buffer(Vma vma, long offset, int length) {
    return new MappedBuffer(access, vma, offset, length);
  }

  /**
   * {@code get_user_pages}: faults pages in and keeps their frames for a device, which does not go
   * through the page table any more. See {@link PagePins} for what truncation does about it.
   *
   * @param write whether the device stores to them
   * @throws SignalException as an access, where the pages cannot be had
   */
  public PagePins pin(Vma vma, long offset, int length, boolean write) {
    return PagePins.of(access, vma, offset, length, write);
  }

  private static long address(Vma vma, long offset) throws Ext2Exception {
    if (offset % Mmu.PAGE_BYTES != 0) {
      throw new Ext2Exception(Errno.EINVAL, "offset " + offset + " in a mapping");
    }
    return vma.start() + offset;
  }

  /**
   * Loads bytes as a program would.
   *
   * @param offset from the mapping's first address
   * @throws SignalException if the program would have been killed
   */
  public byte[] load(Vma vma, long offset, int length) {
    if (length < 0) {
      throw new IllegalArgumentException("load of " + length + " bytes");
    }
    return access.load(vma, offset, length);
  }

  /**
   * Stores bytes as a program would; what lies before a failing page is stored.
   *
   * @param offset from the mapping's first address
   * @throws SignalException if the program would have been killed
   */
  public void store(Vma vma, long offset, byte[] source) {
    access.store(vma, offset, source);
  }

  /**
   * msync(2) of a range of one mapping.
   *
   * @param offset from the mapping's first address, a multiple of {@link Mmu#PAGE_BYTES}
   * @return 0
   * @throws Ext2Exception EINVAL, ENOMEM, or what writing back fails with
   */
  public long msync(Vma vma, long offset, long length, int flags) throws Ext2Exception {
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0
        || offset % Mmu.PAGE_BYTES != 0
        || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) {
      throw new Ext2Exception(Errno.EINVAL, "msync");
    }
    long first = vma.start() + offset;
    long end = first + roundUp(length);
    if (end < first) {
      throw new Ext2Exception(Errno.ENOMEM, "msync of an impossible range");
    }
    if (end == first) {
      return 0;
    }
    new Msync(vmas, mmapLock).range(first, end, (flags & MS_SYNC) != 0);
    return 0;
  }

  /** Returns the page table entry at an offset of the mapping. */
  public PagemapEntry pagemap(Vma vma, long offset) {
    return pageTable.entry(vma.start() + offset);
  }

  static long roundUp(long bytes) {
    return (bytes + Mmu.PAGE_BYTES - 1) & -Mmu.PAGE_BYTES;
  }
}
