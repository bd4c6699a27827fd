// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.volume.Volume;

/**
 * The names of a mount, as a caller sees them. Immutable.
 *
 * @param volume the volume
 * @param inodes its inodes in memory
 * @param root its root directory
 * @param renameMutex {@code s_vfs_rename_mutex}: held while a directory may get another parent
 * @param who the identity that permissions are checked for
 */
public record NameSpace(
    Volume volume, InodeCache inodes, Ext2Inode root, OrderedMutex renameMutex, Credentials who) {
  /** Returns the names as somebody else sees them. */
  public NameSpace as(Credentials other) {
    return new NameSpace(volume, inodes, root, renameMutex, other);
  }
}
