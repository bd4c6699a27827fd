// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.alloc.BlockAllocator;
import io.pmem4j.ext2.alloc.InodeAllocator;
import io.pmem4j.ext2.dax.FaultTrace;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.ext2.xattr.AttributeBlocks;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The inodes in memory: {@code ext2_iget}, {@code iput}, {@code ext2_new_inode}, {@code
 * ext2_evict_inode}. One object for each inode in use. Those without users stay, as in a kernel
 * that has memory enough, until there are too many: then files and links that the medium has leave.
 * Thread-safe.
 */
public final class InodeCache {
  private final Volume volume;
  private final Allocators services;
  private final InodeTable table;

  /**
   * Inodes and their numbers of users; guarded by the monitor, under which nothing is waited for.
   */
  private final Map<Integer, Cached> cache = new HashMap<>();

  /** Inodes in memory at which those without users leave; guarded by the monitor. */
  private int pruneAt;

  /** Counts how often inodes left; changed under the monitor. */
  private volatile long prunes;

  private final SharedState inodes;
  private final DentryCache dentries = new DentryCache(this);

  private static final class Cached {
    final Ext2Inode inode;
    int users;

    Cached(Ext2Inode inode) {
      this.inode = inode;
    }
  }

  /** An empty cache. */
  public InodeCache(Volume volume, FaultTrace trace) {
    this.volume = volume;
    BlockAllocator blocks = new BlockAllocator(volume);
    this.services =
        new Allocators(
            blocks,
            new InodeAllocator(volume, blocks),
            new AttributeBlocks(volume, blocks),
            new Flusher(volume.instrumentation()));
    this.table = new InodeTable(volume, trace, services);
    this.inodes = new SharedState(volume.instrumentation().scheduler(), StateKind.INODE_CACHE);
    this.pruneAt = volume.instrumentation().cachedInodes();
  }

  /**
   * The root directory, checked as at mount.
   *
   * @throws Ext2Exception EUCLEAN or EINVAL
   */
  public Ext2Inode root() throws Ext2Exception {
    Ext2Inode root = get(InodeTable.ROOT_INO);
    if (!root.isDirectory() || root.blocks512 == 0 || root.size == 0) {
      put(root);
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "inode 2",
          "i_mode",
          "0%o, %d bytes, %d sectors".formatted(root.mode, root.size, root.blocks512),
          "a directory with contents");
    }
    return root;
  }

  /**
   * {@code ext2_iget}: the inode, with one user more.
   *
   * @throws Ext2Exception EINVAL, ESTALE, EUCLEAN
   */
  public Ext2Inode get(int ino) throws Ext2Exception {
    inodes.load();
    Ext2Inode found = known(ino);
    while (found == null) {
      long before = prunes;
      Ext2Inode read = table.read(ino);
      inodes.store();
      found = add(read, before);
    }
    return found;
  }

  private synchronized @Nullable Ext2Inode known(int ino) {
    Cached cached = cache.get(ino);
    if (cached == null) {
      return null;
    }
    cached.users++;
    return cached.inode;
  }

  /**
   * Adds an inode that was read, or a user to the one that another task has added.
   *
   * @param before how often inodes had left when it was read; if one left since, it may have been
   *     this one, changed by then
   * @return null if it has to be read again
   */
  private @Nullable Ext2Inode add(Ext2Inode read, long before) {
    Cached cached;
    synchronized (this) {
      if (prunes != before && !cache.containsKey(read.number())) {
        return null;
      }
      cached = cache.computeIfAbsent(read.number(), _ -> new Cached(read));
      cached.users++;
    }
    prune();
    return cached.inode;
  }

  /**
   * {@code prune_icache_sb}: when there are too many, inodes leave that have no users and that the
   * medium has. Directories stay: what lies below them refers to them. Half of the limit may come
   * before the next time, so that each costs little.
   */
  private void prune() {
    List<Ext2Inode> pruned = new ArrayList<>();
    synchronized (this) {
      if (cache.size() <= pruneAt) {
        return;
      }
      for (Cached each : cache.values()) {
        Ext2Inode inode = each.inode;
        if (each.users == 0 && !inode.isDirectory() && inode.nlink != 0 && !isDirty(inode)) {
          pruned.add(inode);
        }
      }
      pruned.forEach(inode -> cache.remove(inode.number()));
      int limit = volume.instrumentation().cachedInodes();
      pruneAt = Math.max(limit, cache.size() + limit / 2);
      prunes++;
    }
    pruned.forEach(InodeCache::letGo);
  }

  private static boolean isDirty(Ext2Inode inode) {
    return inode.changes().any() || inode.contents().isDirty();
  }

  /** {@code ext2_evict_inode} of an inode that has links. */
  private static void letGo(Ext2Inode inode) {
    inode.contents().removeAll();
    inode.blockMap().discardReservation();
  }

  /** The names of open files. */
  public DentryCache dentries() {
    return dentries;
  }

  /** {@code ihold}: one user more of what the caller has a user of. */
  synchronized void share(Ext2Inode inode) {
    cached(inode).users++;
  }

  /** One user less of what the caller has another user of. */
  synchronized void unshare(Ext2Inode inode) {
    cached(inode).users--;
  }

  private Cached cached(Ext2Inode inode) {
    Cached cached = cache.get(inode.number());
    if (cached == null) {
      throw new IllegalStateException(inode + " has no users");
    }
    return cached;
  }

  /**
   * {@code S_DEAD}: a directory was removed. Until its last user is gone it keeps the one that it
   * was in, as its dentry does. The caller has both locked and a user of each.
   */
  public void kill(Ext2Inode removed, Ext2Inode parent) {
    share(parent);
    removed.inDirectory().kill(parent);
  }

  /**
   * {@code iput}: one user less; the last user of an inode without links evicts it, and then the
   * removed directories above it that nothing else uses. The caller holds no lock of a file.
   */
  public void put(Ext2Inode inode) throws Ext2Exception {
    Ext2Inode each = inode;
    Ext2Exception failure = null;
    while (each != null && isLastUser(each)) {
      try {
        evict(each);
      } catch (Ext2Exception e) {
        failure = failure == null ? e : failure;
      }
      each = each.isDirectory() ? each.inDirectory().kept() : null;
    }
    if (failure != null) {
      throw failure;
    }
  }

  private boolean isLastUser(Ext2Inode inode) {
    inodes.store();
    synchronized (this) {
      Cached cached = cache.get(inode.number());
      if (cached == null || --cached.users > 0 || inode.nlink != 0) {
        return false;
      }
      cache.remove(inode.number());
      return true;
    }
  }

  /**
   * {@code ext2_new_inode}: one link, or the two of a directory, times of now, one user. sync
   * leaves it alone until {@link NewInode#unlock}.
   *
   * @throws Ext2Exception ENOSPC, EIO
   */
  public Ext2Inode create(Ext2Inode directory, int mode, Credentials who) throws Ext2Exception {
    boolean isDirectory = (mode & FileMode.TYPE_MASK) == FileMode.DIRECTORY;
    boolean top =
        directory.number() == InodeTable.ROOT_INO || (directory.flags & InodeFlags.TOPDIR) != 0;
    int ino =
        isDirectory
            ? services.inodes().newDirectory(directory.number(), top)
            : services.inodes().newInode(directory.number());
    boolean grpid = volume.options().has(MountFlag.GROUP_OF_DIRECTORY);
    boolean setGid = (directory.mode & FileMode.SET_GID) != 0;
    Ext2Inode inode =
        table.blank(ino, isDirectory && setGid && !grpid ? mode | FileMode.SET_GID : mode);
    inode.uid = who.uid();
    inode.gid = grpid || setGid ? directory.gid : who.gid();
    inode.nlink = isDirectory ? 2 : 1;
    inode.times().begin();
    inode.flags = InodeFlags.inherited(mode, directory.flags);
    inode.isNew = true;
    inode.ownedByOneTask = true;
    inode.generation = volume.nextGeneration();
    boolean inUse;
    inodes.store();
    synchronized (this) {
      Cached cached = new Cached(inode);
      cached.users = 1;
      inUse = cache.putIfAbsent(ino, cached) != null;
    }
    prune();
    if (inUse) {
      volume.error("inode number already in use - inode=" + ino);
      throw new CorruptFileSystemException(
          Errno.EIO, "inode bitmap", "bit of inode " + ino, "0", "1: the inode is in use");
    }
    return inode;
  }

  /** {@code s_remove_count}: whether an inode without links still has users. */
  public synchronized boolean hasUnlinkedInUse() {
    return cache.values().stream().anyMatch(cached -> cached.inode.nlink == 0);
  }

  /**
   * Inodes to write back, as a snapshot. A range that was written back leaves the inode clean but
   * pages of other ranges dirty: the kernel sees that by the tags of the mapping.
   */
  public List<Ext2Inode> dirtyInodes() {
    List<Ext2Inode> dirty = new ArrayList<>();
    synchronized (this) {
      for (Cached cached : cache.values()) {
        if (isDirty(cached.inode)) {
          dirty.add(cached.inode);
        }
      }
    }
    // Writing back allocates only without DAX; there the order is the kernel's, b_dirty.
    dirty.sort(
        volume.dax()
            ? Comparator.comparingInt(Ext2Inode::number)
            : Comparator.comparingLong(inode -> inode.changes().since()));
    return dirty;
  }

  /** {@code write_inode}: to the table; durable after the dirty blocks were written out. */
  public void writeOut(Ext2Inode inode) throws Ext2Exception {
    table.write(inode);
  }

  /**
   * {@code sync_inode_metadata}: writes the inode out if it is dirty.
   *
   * @param dataOnly whether times that changed alone do not count: {@code I_DIRTY_DATASYNC}
   */
  public void writeOutIfDirty(Ext2Inode inode, boolean dataOnly) throws Ext2Exception {
    if (dataOnly ? inode.changes().anyForData() : inode.changes().any()) {
      table.write(inode);
    } else if (!dataOnly) {
      table.wroteBack(inode);
    }
  }

  /** Writes back data and inode of every dirty inode: {@code sync_inodes_sb}. */
  public void sync() throws Ext2Exception {
    if (volume.readOnly()) {
      return;
    }
    services.flusher().run(this::writeBack);
  }

  private void writeBack() throws Ext2Exception {
    for (Ext2Inode inode : dirtyInodes()) {
      if (inode.isRegular()) {
        inode.contents().writeBack();
      }
      table.writeBack(inode);
    }
  }

  /**
   * {@code ext2_evict_inode} of an inode without links. It is written out once, with its deletion
   * time and all it had; size, blocks and pointers then change in memory only, so that the medium
   * keeps the old ones.
   */
  private void evict(Ext2Inode inode) throws Ext2Exception {
    // sync may have found the inode before. From here on it waits, or leaves it alone.
    inode.ownedByOneTask = true;
    // Without users there are no mappings: only entries and pages can be left.
    inode.contents().removeAll();
    try (var _ = volume.freezeGate().startInternalWrite()) {
      inode.dtime = (int) volume.instrumentation().clock().getAsLong();
      try {
        long block = table.write(inode);
        if (SynchronousChanges.ofInode(inode)) {
          volume.dirtyBlocks().writeOut(block);
        }
      } catch (Ext2Exception _) {
        // Nobody is there to be told; the volume has recorded it, and the blocks still go.
      }
      inode.size = 0;
      if (inode.blocks512 != 0) {
        Truncate.blocks(inode, 0);
      }
      inode.attributes().delete();
      inode.blockMap().discardReservation();
      services.inodes().freeInode(inode.number(), inode.isDirectory());
    }
  }
}
