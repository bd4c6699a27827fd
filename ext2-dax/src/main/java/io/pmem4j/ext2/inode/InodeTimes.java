// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.sched.HeldLock;
import org.jspecify.annotations.Nullable;

/**
 * The three times of an inode, in seconds since the epoch. Set when the inode is read or made, then
 * changed under {@code i_rwsem}; read without it by stat.
 */
public final class InodeTimes {
  private static final long DAY_SECONDS = 24 * 60 * 60;

  private final Ext2Inode inode;
  private volatile long atime;
  private volatile long mtime;
  private volatile long ctime;

  InodeTimes(Ext2Inode inode) {
    this.inode = inode;
  }

  /** Takes the times of the medium, which are signed there. */
  void read(RawInode raw) {
    atime = (int) raw.atime();
    ctime = (int) raw.ctime();
    mtime = (int) raw.mtime();
  }

  /** Sets all times of a new inode. */
  void begin() {
    atime = inode.volume().now();
    touch();
  }

  /** Seconds of the last access. */
  public long atime() {
    return atime;
  }

  /** Seconds of the last change of the data. */
  public long mtime() {
    return mtime;
  }

  /** Seconds of the last change of the inode. */
  public long ctime() {
    return ctime;
  }

  /** Sets {@code i_ctime}. */
  public void ctime(long seconds) {
    ctime = seconds;
    inode.markDirty();
  }

  /** Sets {@code i_ctime} in memory, for the next write of the inode if there is one. */
  void ctimeOfClean(long seconds) {
    ctime = seconds;
  }

  /** Sets the times that are not null, and ctime to now; the caller holds {@code i_rwsem}. */
  void set(@Nullable Long access, @Nullable Long modification) {
    if (access != null) {
      atime = access;
    }
    if (modification != null) {
      mtime = modification;
    }
    ctime(inode.volume().now());
  }

  /** {@code i_mtime = i_ctime = current_time}. */
  public void touch() {
    long now = inode.volume().now();
    mtime = now;
    ctime = now;
    inode.markDirty();
  }

  /** {@code file_update_time}: as {@link #touch}, but an inode that is up to date stays clean. */
  public void updateTime() {
    long now = inode.volume().now();
    if (!inode.volume().readOnly() && (mtime != now || ctime != now)) {
      mtime = now;
      ctime = now;
      inode.markTimesDirty();
    }
  }

  /**
   * Updates the access time, as {@code touch_atime} does. While the file system is frozen or
   * read-only the time stays. The change is {@code I_DIRTY_SYNC}: fsync writes it out, fdatasync
   * does not.
   */
  public void accessed() {
    long now = inode.volume().now();
    if (!needsAccessTime(now) || now == atime || inode.volume().readOnly()) {
      return;
    }
    try (HeldLock gate = inode.volume().freezeGate().tryStartWrite()) {
      if (gate != null) {
        atime = now;
        inode.markTimesDirty();
      }
    }
  }

  private boolean needsAccessTime(long now) {
    if ((inode.flags & InodeFlags.NOATIME) != 0) {
      return false;
    }
    return switch (inode.volume().options().accessTimes()) {
      case NOATIME -> false;
      case STRICTATIME -> true;
      case RELATIME -> mtime >= atime || ctime >= atime || now - atime >= DAY_SECONDS;
    };
  }
}
