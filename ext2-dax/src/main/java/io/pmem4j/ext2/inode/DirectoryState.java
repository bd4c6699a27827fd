// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import org.jspecify.annotations.Nullable;

/**
 * The part of a directory's inode that lives in memory only: what the kernel keeps in {@code
 * i_dir_start_lookup}, {@code S_DEAD} and the parent of its one dentry. Changed under the {@code
 * i_rwsem} of the directory or of its parent.
 */
public final class DirectoryState {
  private volatile long startLookup;
  private volatile boolean dead;
  private volatile @Nullable Ext2Inode parent;
  private volatile @Nullable Ext2Inode kept;

  /** Page of the last successful lookup in this directory. */
  public long startLookup() {
    return startLookup;
  }

  /** Remembers the page of a successful lookup. */
  public void startLookup(long page) {
    startLookup = page;
  }

  /** {@code IS_DEADDIR}: it was removed while a task still used it. */
  public boolean isDead() {
    return dead;
  }

  /**
   * Marks it as removed: no name is found or made in it any more. It keeps a user of the directory
   * that it was in.
   */
  void kill(Ext2Inode above) {
    kept = above;
    dead = true;
  }

  /** The directory that a removed one keeps; null if it is not removed. */
  public @Nullable Ext2Inode kept() {
    return kept;
  }

  /** {@code d_parent}: the directory in which it was found last; null for the root. */
  public @Nullable Ext2Inode parent() {
    return parent;
  }

  /** {@code d_move}: it was found in, made in or moved to a directory. */
  public void parent(Ext2Inode directory) {
    parent = directory;
  }

  /**
   * {@code d_ancestor}: the directory right below {@code above} on the way to {@code below}.
   *
   * @return null if {@code above} is no ancestor of {@code below}
   */
  public static @Nullable Ext2Inode ancestor(Ext2Inode above, Ext2Inode below) {
    Ext2Inode each = below;
    Ext2Inode parent = each.inDirectory().parent();
    while (parent != null) {
      if (parent == above) {
        return each;
      }
      each = parent;
      parent = each.inDirectory().parent();
    }
    return null;
  }
}
