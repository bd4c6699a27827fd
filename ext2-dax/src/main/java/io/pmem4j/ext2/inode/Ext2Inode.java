// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.Variation;
import io.pmem4j.ext2.dax.CachedPages;
import io.pmem4j.ext2.dax.DaxHost;
import io.pmem4j.ext2.dax.DaxMapping;
import io.pmem4j.ext2.dax.FaultTrace;
import io.pmem4j.ext2.dax.IomapOps;
import io.pmem4j.ext2.dax.PmdFault;
import io.pmem4j.ext2.dax.PteFault;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.ext2.mm.PinnedFrames;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.ext2.page.PageLocks;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.SharedState;
import org.jspecify.annotations.Nullable;

/**
 * An inode in memory: {@code struct inode} and {@code ext2_inode_info}. The medium learns of
 * changes when the inode is written out.
 *
 * <p>Fields are package-private or volatile; who may change what is said at each. {@code i_rwsem}
 * guards what system calls change, {@code truncate_mutex} the block tree, {@code dax_sem} keeps
 * faults and truncation apart.
 */
public final class Ext2Inode implements DaxHost {
  private final Volume volume;
  private final InodeTable table;
  private final int ino;
  private final InodeLocks locks;
  private final BlockMap blockMap;
  private final InodeIomap iomap;
  private final DaxMapping mapping;
  private final PteFault pteFault;
  private final PmdFault pmdFault;
  private final FileContents contents;
  private final FileLock fileLock;
  private final InodeTimes times = new InodeTimes(this);
  private final ExtendedAttributes attributes;
  private final InodeAcls acls = new InodeAcls(this);

  // Set when the inode is read or made, then changed under i_rwsem; read without by stat.
  volatile int mode;
  volatile int uid;
  volatile int gid;
  volatile int nlink;
  volatile int flags;
  volatile int generation;

  /** Changed under {@code i_rwsem}, by truncation under {@code dax_sem} too; read by faults. */
  volatile long size;

  /** {@code i_blocks}: units of 512 bytes; changed under the monitor, which is {@code i_lock}. */
  volatile long blocks512;

  // Only carried from the medium and back.
  int dtime;
  int faddr;
  int frag;
  int fsize;
  int dirAcl;

  /** EXT2_STATE_NEW: writing out zeroes the place in the table first. */
  boolean isNew;

  /** {@code I_NEW} or {@code I_FREEING}: its maker, or its eviction, alone writes it out. */
  volatile boolean ownedByOneTask;

  /** {@code i_data}: the top of the block tree; changed under {@code truncate_mutex}. */
  final int[] data = new int[RawInode.N_BLOCKS];

  /** {@code i_block_alloc_info}; set under truncate_mutex, attributes read it without. */
  volatile @Nullable BlockAllocInfo blockAllocInfo;

  private final DirectoryState directoryState = new DirectoryState();

  private final InodeChanges changes = new InodeChanges();
  private final WriteOutLock writingOut;
  private final SharedState iSize;
  private final SharedState blockPointers;
  private final SharedState newBlocks;

  Ext2Inode(
      Volume volume, FaultTrace trace, Allocators blocks, InodeTable table, int ino, int mode) {
    this.volume = volume;
    this.table = table;
    this.ino = ino;
    this.mode = mode;
    var scheduler = volume.instrumentation().scheduler();
    var validator = volume.validator();
    this.iSize = new SharedState(scheduler, StateKind.I_SIZE, ino);
    this.blockPointers = new SharedState(scheduler, StateKind.BLOCK_POINTERS, ino);
    this.newBlocks = new SharedState(scheduler, StateKind.NEW_BLOCKS, ino);
    Variation variation = volume.instrumentation().variation();
    this.locks =
        variation
            .part(InodeLocks.Maker.class, InodeLocks::new)
            .make(volume, "inode " + ino, isDirectory());
    this.attributes = new ExtendedAttributes(this, blocks.attributes());
    this.blockMap = new BlockMap(volume, blocks, this);
    this.iomap = new InodeIomap(this);
    var pages = variation.part(CachedPages.Maker.class, CachedPages.Maker.NONE);
    this.mapping = new DaxMapping(this, volume.unreadable(), trace, scheduler, validator, pages);
    this.pteFault = new PteFault(mapping, iomap);
    this.pmdFault = new PmdFault(mapping, iomap);
    this.contents =
        volume.dax() || !isRegular()
            ? new DaxContents(this, mapping)
            : new CachedContents(this, mapping, table.reclaim());
    this.fileLock = new FileLock(scheduler);
    this.writingOut = new WriteOutLock(scheduler);
  }

  /** All its locks. */
  public InodeLocks locks() {
    return locks;
  }

  /** Returns {@code i_rwsem}, the lock of system calls. */
  public OrderedRwSemaphore iRwsem() {
    return locks.iRwsem();
  }

  OrderedMutex truncateMutex() {
    return locks.truncateMutex();
  }

  /** The locks of this directory's pages. */
  public PageLocks pageLocks() {
    return locks.pageLocks();
  }

  /** The tree of blocks. */
  public BlockMap blockMap() {
    return blockMap;
  }

  /** Returns the block map in bytes. */
  public IomapOps iomap() {
    return iomap;
  }

  /** Entries and mappings of a regular file. */
  public DaxMapping mapping() {
    return mapping;
  }

  /** The body of faults on 2 MiB of this file. */
  public PmdFault pmdFault() {
    return pmdFault;
  }

  /** The body of faults on one page of this file. */
  public PteFault pteFault() {
    return pteFault;
  }

  /** Returns the way to the contents of this file. */
  public FileContents contents() {
    return contents;
  }

  /** Returns the lock that flock(2) takes. */
  public FileLock fileLock() {
    return fileLock;
  }

  Volume volume() {
    return volume;
  }

  @Override
  public long ino() {
    return ino;
  }

  /** The inode number as the structures on the medium have it. */
  public int number() {
    return ino;
  }

  /** {@code i_size} as faults and truncation share it. */
  SharedState iSize() {
    return iSize;
  }

  /** {@code i_data} and the indirect blocks. */
  SharedState blockPointers() {
    return blockPointers;
  }

  /** Returns the state that is the content of allocated blocks before they are reachable. */
  SharedState newBlocks() {
    return newBlocks;
  }

  @Override
  public long size() {
    iSize.load();
    long seen = size;
    iSize.observed(Observation.SIZE, seen);
    return seen;
  }

  /** Returns the size to a check, which reads it on behalf of no code of the kernel. */
  public long sizeForCheck() {
    iSize.load();
    long seen = size;
    iSize.observed(Observation.SIZE_FOR_CHECK, seen);
    return seen;
  }

  /** {@code i_size_write}; the caller holds {@code i_rwsem} exclusively. */
  public void sizeLocked(long bytes) {
    iRwsem().assertHeldExclusively();
    iSize.store();
    iSize.observed(Observation.SIZE_CHANGE, size, bytes);
    size = bytes;
    markDirty();
  }

  @Override
  public PersistentMemory memory() {
    return volume.memory();
  }

  @Override
  public PinnedFrames pins() {
    return volume.pins();
  }

  @Override
  public void markPagesDirty() {
    markTimesDirty();
  }

  /** {@code mark_inode_dirty}; the caller has changed the inode. */
  public void markDirty() {
    changes.mark();
  }

  /** {@code mark_inode_dirty_sync}; the caller has changed times only. */
  void markTimesDirty() {
    changes.markTimes();
  }

  InodeChanges changes() {
    return changes;
  }

  /** Returns {@code I_SYNC}. */
  WriteOutLock writingOut() {
    return writingOut;
  }

  /** Writes this inode out, {@code write_inode}; returns the block of the table it lies in. */
  long writeOut() throws Ext2Exception {
    return table.write(this);
  }

  /** Type and permissions. */
  public int mode() {
    return mode;
  }

  /** Returns the number of links. */
  public int nlink() {
    return nlink;
  }

  /** {@code drop_nlink}; the caller holds the directory's and this inode's {@code i_rwsem}. */
  public void dropLink() {
    iRwsem().assertHeldExclusively();
    int links = nlink;
    nlink = links - 1;
    markDirty();
  }

  /** {@code inc_nlink}; the caller holds this inode's {@code i_rwsem}. */
  public void addLink() {
    iRwsem().assertHeldExclusively();
    int links = nlink;
    nlink = links + 1;
    markDirty();
  }

  /** Returns the user id of the owner. */
  public int uid() {
    return uid;
  }

  /** Returns the group id of the owner. */
  public int gid() {
    return gid;
  }

  /** Returns the field {@code i_generation}. */
  public int generation() {
    return generation;
  }

  /** {@code i_blocks}, units of 512 bytes. */
  public long blocks512() {
    return blocks512;
  }

  /** Changes {@code i_blocks}; the caller holds {@code truncate_mutex}. */
  void addBlocksLocked(long sectors) {
    truncateMutex().assertHeld();
    addSectors(sectors);
  }

  /** Changes {@code i_blocks}: {@code inode_add_bytes}. */
  synchronized void addSectors(long sectors) {
    long before = blocks512;
    blocks512 = before + sectors;
    markDirty();
  }

  /** Returns the times of the inode. */
  public InodeTimes times() {
    return times;
  }

  /** Clears EXT2_BTREE_FL: a directory that was changed without its index has none. */
  public void dropDirectoryIndex() {
    iRwsem().assertHeldExclusively();
    int before = flags;
    flags = before & ~InodeFlags.BTREE;
    markDirty();
  }

  /** Returns true for an immutable file: {@code IS_IMMUTABLE}. */
  public boolean isImmutable() {
    return (flags & InodeFlags.IMMUTABLE) != 0;
  }

  /** Returns true for an append-only file: {@code IS_APPEND}. */
  public boolean isAppendOnly() {
    return (flags & InodeFlags.APPEND) != 0;
  }

  /** {@code IS_SYNC}: each write is durable when it returns. */
  public boolean syncsWrites() {
    return SynchronousChanges.ofFile(this);
  }

  /**
   * Returns true if blocks are zeroed before they are reachable: those of DAX files, and of all in
   * the ordered mode. Others show what they held until their page is written.
   */
  boolean zeroesNewBlocks() {
    return isRegular() && (contents.pages() == null || volume.order().isOrdered());
  }

  /** Returns true for a regular file, which on a DAX mount means a DAX file. */
  public boolean isRegular() {
    return (mode & FileMode.TYPE_MASK) == FileMode.REGULAR;
  }

  /** Returns true for a directory. */
  public boolean isDirectory() {
    return (mode & FileMode.TYPE_MASK) == FileMode.DIRECTORY;
  }

  /** Returns its extended attributes. */
  public ExtendedAttributes attributes() {
    return attributes;
  }

  /** Returns its access control lists. */
  public InodeAcls acls() {
    return acls;
  }

  /** Returns true if it is a symbolic link. */
  public boolean isSymlink() {
    return (mode & FileMode.TYPE_MASK) == FileMode.SYMLINK;
  }

  /** Returns what only a directory has, in memory. */
  public DirectoryState inDirectory() {
    return directoryState;
  }

  @Override
  public String toString() {
    return "inode " + ino;
  }
}
