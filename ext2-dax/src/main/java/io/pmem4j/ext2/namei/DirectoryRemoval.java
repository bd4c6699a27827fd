// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.dir.DirectoryReader;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.volume.Volume;

/** Removing directories: rmdir(2). Thread-safe. */
public final class DirectoryRemoval {
  private final NameSpace space;
  private final Volume volume;
  private final InodeCache inodes;

  /** The operations of a caller. */
  public DirectoryRemoval(NameSpace space) {
    this.space = space;
    this.volume = space.volume();
    this.inodes = space.inodes();
  }

  /**
   * Removes an empty directory, as rmdir(2) does.
   *
   * @throws Ext2Exception ENOTEMPTY, ENOTDIR, EINVAL for a dot, EBUSY for the root, EACCES, EPERM,
   *     EROFS, ENOENT, EIO, and those of a walk
   */
  public void rmdir(String path) throws Ext2Exception {
    try (PathWalk walk = PathWalk.toParent(space, path)) {
      byte[] name = walk.last();
      if (name == null) {
        throw new Ext2Exception(
            switch (walk.lastKind()) {
              case DOT_DOT -> Errno.ENOTEMPTY;
              case DOT -> Errno.EINVAL;
              default -> Errno.EBUSY;
            },
            path);
      }
      try (var _ = volume.freezeGate().startWrite();
          var _ = walk.directory().iRwsem().exclusive()) {
        volume.requireWritable();
        Ext2Inode victim = walk.childLocked(name);
        try {
          Permission.mayDelete(space, walk.directory(), victim, true);
          removeLocked(walk.directory(), name, victim, path);
        } finally {
          // d_delete: unlike that of unlink, the eviction comes while the parent is locked.
          inodes.put(victim);
        }
      }
    }
  }

  /** {@code vfs_rmdir} and {@code ext2_rmdir}. */
  private void removeLocked(Ext2Inode parent, byte[] name, Ext2Inode victim, String path)
      throws Ext2Exception {
    try (var _ = victim.iRwsem().exclusive()) {
      if (!new DirectoryReader(volume, victim).isEmpty()) {
        throw new Ext2Exception(Errno.ENOTEMPTY, path);
      }
      new DirectoryBlocks(volume, parent).delete(name);
      victim.times().ctime(parent.times().ctime());
      victim.dropLink();
      victim.sizeLocked(0);
      victim.dropLink();
      if (volume.order().isOrdered()) {
        // Its name of the parent counts until its links are gone on the medium.
        inodes.writeOut(victim);
      }
      parent.dropLink();
      inodes.kill(victim, parent);
    }
  }
}
