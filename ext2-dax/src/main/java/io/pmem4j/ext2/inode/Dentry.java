// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The name by which a file is open: the part of {@code struct dentry} that can be seen. All who
 * open a file by one name share it; it follows the file through rename(2). While it is in use, so
 * is the directory that it is in, also one that was removed: the block and the inode of a removed
 * directory come back when the last file that was open in it is closed. Changed by {@link
 * DentryCache} alone.
 */
public final class Dentry {
  private final Ext2Inode inode;

  /** {@code d_parent} with one user; null if nobody knows where the file was found. */
  @Nullable Ext2Inode parent;

  /** The key in the cache; null once the name is another's or nobody's. */
  @Nullable Name hashed;

  int users = 1;

  /** A name in a directory; a character is a byte. */
  record Name(int directory, String bytes) {
    static Name of(Ext2Inode directory, byte[] bytes) {
      return new Name(directory.number(), new String(bytes, StandardCharsets.ISO_8859_1));
    }
  }

  Dentry(Ext2Inode inode, @Nullable Ext2Inode parent, @Nullable Name hashed) {
    this.inode = inode;
    this.parent = parent;
    this.hashed = hashed;
  }

  /** Returns the inode that the name leads to. */
  public Ext2Inode inode() {
    return inode;
  }
}
