// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.sched.Scheduler;
import java.util.TreeMap;

/**
 * One {@code mm_struct}: mappings of files, their page table, and user access through it. Tasks
 * that share an address space use one object from several threads; it is thread-safe.
 *
 * <p>Stores through a shared mapping are durable after {@link #msync} with {@link #MS_SYNC}.
 */
public final class AddressSpace {
  /** PROT_READ. */
  public static final int PROT_READ = 1;

  /** PROT_WRITE. */
  public static final int PROT_WRITE = 2;

  /** MAP_SHARED: unknown flags are ignored. */
  public static final int MAP_SHARED = 1;

  /** MAP_PRIVATE. */
  public static final int MAP_PRIVATE = 2;

  /** MAP_SHARED_VALIDATE: unknown flags are refused. */
  public static final int MAP_SHARED_VALIDATE = 3;

  /** MAP_SYNC: ext2 does not offer it. */
  public static final int MAP_SYNC = 0x80000;

  /** MS_ASYNC: does nothing on a DAX file. */
  public static final int MS_ASYNC = 1;

  /** MS_INVALIDATE. */
  public static final int MS_INVALIDATE = 2;

  /** MS_SYNC. */
  public static final int MS_SYNC = 4;

  private static final int MAP_TYPE = 0xf;

  private static final int PAGE_SHIFT = 12;

  /** Flags that MAP_SHARED_VALIDATE knows without help of the file system: LEGACY_MAP_MASK. */
  private static final int LEGACY_FLAGS = 0x7c07_f973;

  /** Where the first mapping lies: a place where Linux puts them, far from everything small. */
  private static final long FIRST_ADDRESS = 0x7f00_0000_0000L;

  /** A fault that changes nothing would repeat for ever; no fault of the kernel needs as many. */
  private static final int MAX_FAULTS_PER_ACCESS = 1000;

  private final PageTable pageTable;
  private final OrderedRwSemaphore mmapLock;
  private final Scheduler scheduler;
  private final FaultEntry faultEntry;

  /** The mappings by first address; guarded by {@link #mmapLock}. */
  private final TreeMap<Long, Vma> vmas = new TreeMap<>();

  private long nextAddress = FIRST_ADDRESS;

  /**
   * An empty address space.
   *
   * @param validator what checks {@code mmap_lock}: that of the file system whose files are mapped
   */
  public AddressSpace(Scheduler scheduler, LockValidator validator) {
    this.scheduler = scheduler;
    this.pageTable = new PageTable(scheduler);
    this.faultEntry = new FaultEntry(pageTable);
    this.mmapLock = new OrderedRwSemaphore(scheduler, validator, LockClass.MMAP_LOCK, "mmap_lock");
  }

  /** The page table. */
  public Mmu mmu() {
    return pageTable;
  }

  /**
   * Maps a range of a file.
   *
   * @param position first byte in the file, a multiple of {@link Mmu#PAGE_BYTES}
   * @param length bytes, rounded up to whole pages; may reach beyond the end of the file
   * @param prot {@link #PROT_READ} and {@link #PROT_WRITE}
   * @param flags one of MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, with further flags
   * @throws Ext2Exception EINVAL, EACCES, EOVERFLOW or EOPNOTSUPP as mmap(2)
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
    if (length <= 0 || position < 0 || position % Mmu.PAGE_BYTES != 0) {
      throw new Ext2Exception(Errno.EINVAL, "mmap of " + length + " bytes at " + position);
    }
    // Not the largest size of a file: a mapping may begin anywhere that a size could ever reach.
    if ((position >> PAGE_SHIFT) > ((Long.MAX_VALUE - length) >> PAGE_SHIFT)) {
      throw new Ext2Exception(Errno.EOVERFLOW, "mmap of " + length + " bytes at " + position);
    }
    int type = flags & MAP_TYPE;
    boolean shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
    if (!shared && type != MAP_PRIVATE) {
      throw new Ext2Exception(Errno.EINVAL, "mmap type " + type);
    }
    if (type == MAP_SHARED_VALIDATE && (flags & ~(LEGACY_FLAGS | MAP_TYPE)) != 0) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "mmap flags 0x" + Integer.toHexString(flags));
    }
    boolean writable = (prot & PROT_WRITE) != 0;
    if (!file.readable() || (shared && writable && !file.writable())) {
      throw new Ext2Exception(Errno.EACCES, "the file is not open for this kind of mapping");
    }
    long bytes = roundUp(length);
    Vma vma;
    try (var _ = mmapLock.exclusive()) {
      file.mapped();
      long start = roundUp(nextAddress, align);
      vma =
          new Vma(
              this,
              file,
              start,
              start + bytes,
              position / Mmu.PAGE_BYTES,
              shared,
              (prot & PROT_READ) != 0 || writable,
              writable);
      // A page between mappings stays free, so that running off an end is always a signal.
      nextAddress = roundUp(vma.end() + Mmu.PAGE_BYTES, align);
      vmas.put(vma.start(), vma);
      file.mappings().insert(vma);
    }
    return vma;
  }

  /** Removes a mapping; private copies are lost. Removing it twice does nothing. */
  public void munmap(Vma vma) throws Ext2Exception {
    try (var _ = mmapLock.exclusive()) {
      if (!vmas.remove(vma.start(), vma)) {
        return;
      }
      vma.file().mappings().remove(vma);
      pageTable.zap(vma, vma.start(), vma.end(), true);
      var below = vmas.lowerEntry(vma.start());
      var above = vmas.higherEntry(vma.start());
      pageTable.freeTables(
          vma,
          below == null ? 0 : below.getValue().end(),
          above == null ? Long.MAX_VALUE : above.getKey());
    }
    // The last reference may evict the inode, which the kernel too does after mmap_lock.
    vma.file().unmapped();
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
    byte[] target = new byte[length];
    int done = 0;
    while (done < length) {
      long address = vma.start() + offset + done;
      int now = withinPage(address, length - done);
      for (int faults = 0; ; faults++) {
        if (pageTable.tryLoad(address, target, done, now)) {
          break;
        }
        fault(vma, address, false, faults);
      }
      done += now;
    }
    return target;
  }

  /**
   * Stores bytes as a program would; what lies before a failing page is stored.
   *
   * @param offset from the mapping's first address
   * @throws SignalException if the program would have been killed
   */
  public void store(Vma vma, long offset, byte[] source) {
    int done = 0;
    while (done < source.length) {
      long address = vma.start() + offset + done;
      int now = withinPage(address, source.length - done);
      for (int faults = 0; ; faults++) {
        if (pageTable.tryStore(address, source, done, now)) {
          break;
        }
        fault(vma, address, true, faults);
        if (lostToSeededFault(address)) {
          break;
        }
      }
      done += now;
    }
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
    boolean mapped;
    try (var _ = mmapLock.shared()) {
      mapped = vmas.get(vma.start()) == vma;
    }
    if (!mapped || first < vma.start() || first >= vma.end()) {
      throw new Ext2Exception(Errno.ENOMEM, "msync of a range that is not mapped");
    }
    if ((flags & MS_SYNC) != 0 && vma.shared()) {
      long firstByte = offset + vma.pgoff() * Mmu.PAGE_BYTES;
      vma.file().syncRange(firstByte, firstByte + (Math.min(end, vma.end()) - first) - 1);
    }
    if (end > vma.end()) {
      throw new Ext2Exception(Errno.ENOMEM, "msync reaches beyond the mapping");
    }
    return 0;
  }

  /** What the page table shows at an offset of the mapping. */
  public PagemapEntry pagemap(Vma vma, long offset) {
    return pageTable.entry(vma.start() + offset);
  }

  private void fault(Vma expected, long address, boolean write, int before) {
    if (before > MAX_FAULTS_PER_ACCESS) {
      throw new IllegalStateException("page fault makes no progress at " + expected);
    }
    FaultResult result;
    try (var _ = mmapLock.shared()) {
      var below = vmas.floorEntry(address);
      if (below == null || address >= below.getValue().end()) {
        throw new SignalException(SignalException.SIGSEGV, SignalException.SEGV_MAPERR, address);
      }
      Vma vma = below.getValue();
      if (write ? !vma.writable() : !vma.readable()) {
        throw new SignalException(SignalException.SIGSEGV, SignalException.SEGV_ACCERR, address);
      }
      result = faultEntry.handle(vma, address, write);
    }
    if (result.isError()) {
      throw new SignalException(SignalException.SIGBUS, SignalException.BUS_ADRERR, address);
    }
  }

  /** The switch {@code zero-page-not-replaced}: the store vanishes instead of faulting for ever. */
  private boolean lostToSeededFault(long address) {
    return scheduler.seeded("zero-page-not-replaced")
        && pageTable.entry(address).kind() == PagemapEntry.Kind.ZERO_PAGE;
  }

  private static int withinPage(long address, int length) {
    return (int) Math.min(length, Mmu.PAGE_BYTES - Math.floorMod(address, (long) Mmu.PAGE_BYTES));
  }

  private static long roundUp(long bytes) {
    return roundUp(bytes, Mmu.PAGE_BYTES);
  }

  private static long roundUp(long bytes, long align) {
    return (bytes + align - 1) & -align;
  }
}
