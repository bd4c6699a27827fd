// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

/**
 * The classes of locks, each with its kernel twin, what it protects, and whether a task may hold
 * two locks of the class. The order between classes is a {@link LockOrder}.
 */
public enum LockClass {
  SB_WRITERS("sb_writers", "the file system against freezing, for system calls", Nesting.NEVER),
  SB_INTERNAL("sb_internal", "the file system against freezing, for eviction", Nesting.NEVER),
  S_UMOUNT(
      "&type->s_umount_key",
      "the file system against mounting, freezing and thawing at once",
      Nesting.NEVER,
      LockdepVisibility.NOT_COMPARED),
  S_VFS_RENAME_MUTEX("&type->s_vfs_rename_key", "the parents of directories", Nesting.NEVER),
  I_MUTEX_DIR("&type->i_mutex_dir_key", "the entries of a directory", Nesting.ANCESTOR_FIRST),
  I_RWSEM(
      "&sb->s_type->i_mutex_key",
      "data and size of a regular file, for system calls",
      Nesting.ANCESTOR_FIRST),
  MMAP_LOCK("&mm->mmap_lock", "the mappings of an address space", Nesting.ANCESTOR_FIRST),
  SB_PAGEFAULT("sb_pagefaults", "the file system against freezing, for faults", Nesting.NEVER),
  DAX_SEM("&ei->dax_sem", "faults (shared) against truncation (exclusive)", Nesting.NEVER),
  DAX_ENTRY(
      "DAX entry lock", "one index of a DAX mapping", Nesting.NEVER, LockdepVisibility.HIDDEN),
  I_MMAP_RWSEM("&mapping->i_mmap_rwsem", "the set of mappings of a file", Nesting.NEVER),
  PAGE_LOCK("page_lock(ext2)", "one page of a directory or of a cached file", Nesting.NEVER),
  XATTR_SEM("&ei->xattr_sem", "the extended attributes of an inode", Nesting.NEVER),
  BUFFER_LOCK(
      "buffer lock",
      "one block of extended attributes, and the number of its inodes",
      Nesting.NEVER,
      LockdepVisibility.HIDDEN),
  MB_CACHE("&cache->c_list_lock", "the list of blocks that inodes may share", Nesting.NEVER),
  TRUNCATE_MUTEX("&ei->truncate_mutex", "the block tree of an inode", Nesting.NEVER),
  RSV_WINDOW_LOCK("&sbi->s_rsv_window_lock", "the reservation windows of a volume", Nesting.NEVER),
  BLOCKGROUP_LOCK("&bgl->locks[i].lock", "bitmaps and counters of a group", Nesting.NEVER),
  S_LOCK("&sbi->s_lock", "the superblock in memory", Nesting.NEVER);

  /** A rule for taking a second lock of a class that the task already holds. */
  public enum Nesting {
    /** Not even shared twice: a writer waiting in between would deadlock the task. */
    NEVER,
    /**
     * A directory before the directories below it; an address space before its child's; of two
     * files that are no directories the one with the lower number.
     */
    ANCESTOR_FIRST
  }

  /** The knowledge that lockdep has of a class. */
  private enum LockdepVisibility {
    /** All, and so does a comparison with it. */
    COMPARED,
    /** All; but the kernel takes it in places that have no twin here. */
    NOT_COMPARED,
    /** Lockdep does not know the class. */
    HIDDEN
  }

  private final String twin;
  private final String protects;
  private final Nesting nesting;
  private final LockdepVisibility sight;

  LockClass(String twin, String protects, Nesting nesting) {
    this(twin, protects, nesting, LockdepVisibility.COMPARED);
  }

  LockClass(String twin, String protects, Nesting nesting, LockdepVisibility sight) {
    this.twin = twin;
    this.protects = protects;
    this.nesting = nesting;
    this.sight = sight;
  }

  /**
   * The name of the class in {@code /proc/lockdep}, without the number behind it. Of page locks
   * only the kernel with the patch for them knows; of DAX entry locks none does.
   */
  public String twin() {
    return twin;
  }

  /** Returns the state that the lock protects, and against which other tasks. */
  public String protects() {
    return protects;
  }

  /** Returns true if lockdep knows the class; the check here knows all classes. */
  public boolean visible() {
    return sight != LockdepVisibility.HIDDEN;
  }

  /** Returns true if the edges from and to the class are compared with those of lockdep. */
  public boolean compared() {
    return sight == LockdepVisibility.COMPARED;
  }

  /** The rule for two locks of this class. */
  public Nesting nesting() {
    return nesting;
  }
}
