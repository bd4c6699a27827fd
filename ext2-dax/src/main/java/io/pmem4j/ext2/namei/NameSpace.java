// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.volume.Volume;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * The names of a mount, as a caller sees them. Immutable.
 *
 * @param volume the volume
 * @param inodes its inodes in memory
 * @param root its root directory
 * @param renameMutex {@code s_vfs_rename_mutex}: held while a directory may get another parent
 * @param who the identity that permissions are checked for
 * @param umask the permissions that new files do not get, unless a default list of their directory
 *     says otherwise
 * @param start the directory where a walk begins: the one of a call such as mkdirat(2)
 * @param encoding the bytes that the characters of a path stand for
 */
public record NameSpace(
    Volume volume,
    InodeCache inodes,
    Ext2Inode root,
    OrderedMutex renameMutex,
    Credentials who,
    int umask,
    Ext2Inode start,
    Charset encoding) {

  /** The names as seen from the root directory, in UTF-8. */
  public NameSpace(
      Volume volume, InodeCache inodes, Ext2Inode root, OrderedMutex renameMutex, Credentials who) {
    this(
        volume,
        inodes,
        root,
        renameMutex,
        who,
        volume.instrumentation().umask(),
        root,
        StandardCharsets.UTF_8);
  }

  /** Returns the names as somebody else sees them. */
  public NameSpace as(Credentials other) {
    return new NameSpace(volume, inodes, root, renameMutex, other, umask, start, encoding);
  }

  /** Returns the names as somebody with another umask sees them. */
  public NameSpace withUmask(int other) {
    return new NameSpace(volume, inodes, root, renameMutex, who, other, start, encoding);
  }

  /**
   * Returns the names below a directory, whose user the caller has. A character of a path is a
   * byte, ISO 8859-1, so that names need not be UTF-8.
   */
  public NameSpace below(Ext2Inode directory) {
    return new NameSpace(
        volume, inodes, root, renameMutex, who, umask, directory, StandardCharsets.ISO_8859_1);
  }
}
