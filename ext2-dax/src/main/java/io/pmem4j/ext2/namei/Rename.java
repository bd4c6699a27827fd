// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.dir.DirectoryReader;
import io.pmem4j.ext2.inode.DirectoryState;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;
import org.jspecify.annotations.Nullable;

/**
 * rename(2): {@code do_renameat2}, {@code vfs_rename} and {@code ext2_rename}. Belongs to one call.
 *
 * <pre>
 *   sb_writers
 *     s_vfs_rename_mutex                    only if the name moves to another directory
 *       i_rwsem of both directories         an ancestor first, else the new one first
 *         i_rwsem of what is moved, and of what goes
 *           page lock, truncate_mutex       of the directory that gets the name
 *       eviction of what lost its last name
 * </pre>
 */
public final class Rename {
  /** The flag RENAME_NOREPLACE. */
  public static final int NO_REPLACE = 1;

  /** The flag RENAME_EXCHANGE, which ext2 refuses. */
  public static final int EXCHANGE = 2;

  /** The flag RENAME_WHITEOUT, which ext2 refuses. */
  public static final int WHITEOUT = 4;

  private final NameSpace space;
  private final Volume volume;
  private final InodeCache inodes;
  private final PathWalk from;
  private final PathWalk to;
  private final int flags;
  private final Ext2Inode oldDirectory;
  private final Ext2Inode newDirectory;

  private Rename(NameSpace space, PathWalk from, PathWalk to, int flags) {
    this.space = space;
    this.volume = space.volume();
    this.inodes = space.inodes();
    this.from = from;
    this.to = to;
    this.flags = flags;
    this.oldDirectory = from.directory();
    this.newDirectory = to.directory();
  }

  /**
   * Renames a path, as renameat2(2) does.
   *
   * @param flags {@link #NO_REPLACE}, or those that ext2 answers with EINVAL
   * @throws Ext2Exception EEXIST, EINVAL, ENOTEMPTY, ENOTDIR, EISDIR, EBUSY, EMLINK, ENOSPC,
   *     EACCES, EPERM, EROFS, ENOENT, EIO, and those of a walk
   */
  public static void rename(NameSpace space, String from, String to, int flags)
      throws Ext2Exception {
    rename(space, from, space, to, flags);
  }

  /**
   * Renames a path below one directory to a path below another.
   *
   * @param space where {@code from} begins
   * @param toSpace where {@code to} begins
   * @throws Ext2Exception as {@link #rename(NameSpace, String, String, int)}
   */
  public static void rename(NameSpace space, String from, NameSpace toSpace, String to, int flags)
      throws Ext2Exception {
    boolean exchange = (flags & EXCHANGE) != 0;
    if ((flags & ~(NO_REPLACE | EXCHANGE | WHITEOUT)) != 0
        || (exchange && (flags & (NO_REPLACE | WHITEOUT)) != 0)) {
      throw new Ext2Exception(Errno.EINVAL, "rename with flags " + flags);
    }
    try (PathWalk source = PathWalk.toParent(space, from);
        PathWalk target = PathWalk.toParent(toSpace, to)) {
      byte[] oldName = source.last();
      byte[] newName = target.last();
      if (oldName == null) {
        throw new Ext2Exception(Errno.EBUSY, from);
      }
      if (newName == null) {
        throw new Ext2Exception((flags & NO_REPLACE) != 0 ? Errno.EEXIST : Errno.EBUSY, to);
      }
      try (var _ = space.volume().freezeGate().startWrite()) {
        space.volume().requireWritable();
        new Rename(space, source, target, flags).lockDirectories(oldName, newName);
      }
    }
  }

  /** {@code lock_rename}: an ancestor before what is below it. */
  private void lockDirectories(byte[] oldName, byte[] newName) throws Ext2Exception {
    if (oldDirectory == newDirectory) {
      try (var _ = newDirectory.iRwsem().exclusive()) {
        lookUp(oldName, newName, null);
      }
      return;
    }
    try (var _ = space.renameMutex().hold()) {
      Ext2Inode trap = DirectoryState.ancestor(oldDirectory, newDirectory);
      Ext2Inode first = trap != null ? oldDirectory : newDirectory;
      Ext2Inode second = trap != null ? newDirectory : oldDirectory;
      if (trap == null) {
        trap = DirectoryState.ancestor(newDirectory, oldDirectory);
      }
      try (var _ = first.iRwsem().exclusive();
          var _ = second.iRwsem().exclusive()) {
        lookUp(oldName, newName, trap);
      }
    }
  }

  /**
   * The part of {@code do_renameat2} between the locks of the directories and those of the files.
   *
   * @param trap the directory on the way from one of the two directories to the other
   */
  private void lookUp(byte[] oldName, byte[] newName, @Nullable Ext2Inode trap)
      throws Ext2Exception {
    Ext2Inode source = from.childLocked(oldName);
    try {
      Ext2Inode target = to.inoLocked(newName) == 0 ? null : to.childLocked(newName);
      try {
        check(source, target, trap);
        if (source != target) {
          permit(source, target);
          lockFiles(oldName, source, newName, target);
        }
      } finally {
        if (target != null) {
          // The dentry goes before the directories are unlocked, and with it the inode.
          inodes.put(target);
        }
      }
    } finally {
      inodes.put(source);
    }
  }

  private void check(Ext2Inode source, @Nullable Ext2Inode target, @Nullable Ext2Inode trap)
      throws Ext2Exception {
    boolean exchange = (flags & EXCHANGE) != 0;
    if ((flags & NO_REPLACE) != 0 && target != null) {
      throw new Ext2Exception(Errno.EEXIST, "the new name is taken");
    }
    if (exchange && target == null) {
      throw new Ext2Exception(Errno.ENOENT, "nothing to exchange with");
    }
    if (exchange && target != null && !target.isDirectory() && to.slash()) {
      throw new Ext2Exception(Errno.ENOTDIR, target + " is no directory");
    }
    if (!source.isDirectory() && (from.slash() || (!exchange && to.slash()))) {
      throw new Ext2Exception(Errno.ENOTDIR, source + " is no directory");
    }
    if (trap != null && source == trap) {
      throw new Ext2Exception(Errno.EINVAL, source + " would move below itself");
    }
    if (trap != null && target == trap) {
      throw new Ext2Exception(
          exchange ? Errno.EINVAL : Errno.ENOTEMPTY, target + " is above what is moved");
    }
  }

  /** The questions of {@code vfs_rename} before it locks the files. */
  private void permit(Ext2Inode source, @Nullable Ext2Inode target) throws Ext2Exception {
    boolean exchange = (flags & EXCHANGE) != 0;
    Permission.mayDelete(space, oldDirectory, source, source.isDirectory());
    if (target == null) {
      Permission.mayCreate(space, newDirectory);
    } else {
      Permission.mayDelete(
          space, newDirectory, target, exchange ? target.isDirectory() : source.isDirectory());
    }
    if (newDirectory != oldDirectory && source.isDirectory()) {
      Permission.require(volume, space.who(), source, Permission.WRITE);
    }
    if (newDirectory != oldDirectory && exchange && target != null && target.isDirectory()) {
      Permission.require(volume, space.who(), target, Permission.WRITE);
    }
  }

  /**
   * The locks that {@code vfs_rename} takes: a directory that gets another parent, a victim, and
   * files in the order of their numbers, which stands for that of their addresses. In the ordered
   * mode each directory has one link more for a moment, and so its lock is taken too.
   */
  private void lockFiles(
      byte[] oldName, Ext2Inode source, byte[] newName, @Nullable Ext2Inode target)
      throws Ext2Exception {
    boolean lockSource =
        !source.isDirectory() || newDirectory != oldDirectory || volume.order().isOrdered();
    boolean sourceFirst =
        source.isDirectory()
            || target == null
            || (!target.isDirectory() && source.number() < target.number());
    HeldLock first = sourceFirst ? lock(lockSource ? source : null) : lock(target);
    try (var _ = first;
        var _ = sourceFirst ? lock(target) : lock(source)) {
      if (newDirectory != oldDirectory
          && source.isDirectory()
          && (target == null || !target.isDirectory())
          && newDirectory.nlink() >= NewNames.MOST_LINKS) {
        throw new Ext2Exception(
            Errno.EMLINK, newDirectory + " has " + newDirectory.nlink() + " links");
      }
      if ((flags & ~NO_REPLACE) != 0) {
        throw new Ext2Exception(Errno.EINVAL, "ext2 neither exchanges names nor leaves whiteouts");
      }
      move(oldName, source, newName, target);
      if (target != null && target.isDirectory()) {
        inodes.kill(target, newDirectory);
      }
      inodes.dentries().move(oldDirectory, oldName, newDirectory, newName);
      if (source.isDirectory()) {
        source.inDirectory().parent(newDirectory);
      }
    }
  }

  private static HeldLock lock(@Nullable Ext2Inode inode) {
    return inode == null ? () -> {} : inode.iRwsem().exclusive();
  }

  /**
   * Changes the entries, as {@code ext2_rename} does. In the ordered mode what has two names for a
   * moment has a link for each, a directory leads to its new parent before the old name goes, and
   * that parent has its link before it is led to.
   */
  private void move(byte[] oldName, Ext2Inode source, byte[] newName, @Nullable Ext2Inode target)
      throws Ext2Exception {
    DirectoryBlocks oldBlocks = new DirectoryBlocks(volume, oldDirectory);
    DirectoryBlocks newBlocks = new DirectoryBlocks(volume, newDirectory);
    DirectoryBlocks.Found oldEntry = require(oldBlocks.find(oldName));
    DirectoryBlocks sourceBlocks = new DirectoryBlocks(volume, source);
    DirectoryBlocks.Found dotdot = source.isDirectory() ? sourceBlocks.dotdot() : null;
    if (target != null && dotdot != null && !new DirectoryReader(volume, target).isEmpty()) {
      throw new Ext2Exception(Errno.ENOTEMPTY, target + " is not empty");
    }
    boolean ordered = volume.order().isOrdered();
    if (ordered) {
      source.addLink();
      inodes.writeOut(source);
    }
    if (target == null) {
      addName(newBlocks, newName, source, dotdot != null);
    } else {
      replace(newBlocks, newName, source, target);
    }
    source.times().ctime(volume.now());
    DirectoryBlocks.Found otherParent = oldDirectory == newDirectory ? null : dotdot;
    if (ordered && otherParent != null) {
      sourceBlocks.setLink(otherParent, newDirectory, false);
    }
    oldBlocks.delete(oldEntry);
    if (!ordered && otherParent != null) {
      sourceBlocks.setLink(otherParent, newDirectory, false);
    }
    if (dotdot != null) {
      oldDirectory.dropLink();
    }
    if (ordered) {
      source.dropLink();
    }
  }

  /** The new name is another's, which loses it. */
  private void replace(DirectoryBlocks blocks, byte[] name, Ext2Inode source, Ext2Inode target)
      throws Ext2Exception {
    blocks.setLink(require(blocks.find(name)), source, true);
    target.times().ctime(volume.now());
    if (target.isDirectory()) {
      target.dropLink();
    }
    target.dropLink();
    if (target.isDirectory() && volume.order().isOrdered()) {
      // Its name of the parent counts no more; the parent's link is the source's from here on.
      inodes.writeOut(target);
    }
  }

  /** The new name where there was none. */
  private void addName(DirectoryBlocks blocks, byte[] name, Ext2Inode source, boolean directory)
      throws Ext2Exception {
    boolean ordered = volume.order().isOrdered();
    boolean done = false;
    try {
      blocks.add(name, source);
      done = true;
    } finally {
      if (!done && ordered) {
        source.dropLink();
      }
    }
    if (directory) {
      newDirectory.addLink();
    }
    if (ordered) {
      // A new block of the directory shows its names only through the inode on the medium, which
      // also has the link for a directory that is about to name it as its parent.
      inodes.writeOut(newDirectory);
    }
  }

  private static DirectoryBlocks.Found require(DirectoryBlocks.@Nullable Found found)
      throws Ext2Exception {
    if (found == null) {
      throw new Ext2Exception(Errno.ENOENT, "no such name");
    }
    return found;
  }
}
