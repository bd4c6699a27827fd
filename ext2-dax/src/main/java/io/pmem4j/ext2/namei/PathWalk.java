// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.volume.Volume;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** From a path to an inode, beginning at the root whether or not the path has a leading slash. */
final class PathWalk {
  private final Volume volume;
  private final InodeCache inodes;
  private final Ext2Inode root;

  PathWalk(Volume volume, InodeCache inodes, Ext2Inode root) {
    this.volume = volume;
    this.inodes = inodes;
    this.root = root;
  }

  /**
   * The directory that the last component is in, and the component.
   *
   * @param directory with one user, which the caller gives back
   * @param name the last component
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  record Last(Ext2Inode directory, byte[] name) {}

  /**
   * Walks to the last component.
   *
   * @throws Ext2Exception ENOENT, ENOTDIR, ENAMETOOLONG, EISDIR for the root itself, EIO
   */
  Last toLast(String path) throws Ext2Exception {
    List<byte[]> names = components(path);
    if (names.isEmpty()) {
      throw path.isEmpty()
          ? new Ext2Exception(Errno.ENOENT, "empty path")
          : new Ext2Exception(Errno.EISDIR, path);
    }
    Ext2Inode directory = inodes.get(root.number());
    for (byte[] name : names.subList(0, names.size() - 1)) {
      Ext2Inode next;
      try {
        next = child(directory, name, path);
      } finally {
        inodes.put(directory);
      }
      if (!next.isDirectory()) {
        inodes.put(next);
        throw new Ext2Exception(Errno.ENOTDIR, path);
      }
      directory = next;
    }
    return new Last(directory, names.getLast());
  }

  private static List<byte[]> components(String path) throws Ext2Exception {
    if (path.indexOf('\0') >= 0) {
      throw new Ext2Exception(Errno.EINVAL, "a path with a zero byte");
    }
    List<byte[]> names = new ArrayList<>();
    for (String component : path.split("/", -1)) {
      if (!component.isEmpty()) {
        byte[] name = component.getBytes(StandardCharsets.UTF_8);
        if (name.length > DirEntry.MAX_NAME_BYTES) {
          throw new Ext2Exception(Errno.ENAMETOOLONG, "a name of " + name.length + " bytes");
        }
        names.add(name);
      }
    }
    return names;
  }

  private Ext2Inode child(Ext2Inode directory, byte[] name, String path) throws Ext2Exception {
    try (var _ = directory.iRwsem().shared()) {
      return childLocked(directory, name, path);
    }
  }

  /**
   * {@code ext2_lookup}; the caller holds the directory's {@code i_rwsem}.
   *
   * @return the inode, with one user more
   * @throws Ext2Exception ENOENT; EIO if the entry names an inode that is deleted
   */
  Ext2Inode childLocked(Ext2Inode directory, byte[] name, String path) throws Ext2Exception {
    directory.iRwsem().assertHeld();
    int ino = new DirectoryBlocks(volume, directory).lookup(name);
    if (ino == 0) {
      throw new Ext2Exception(Errno.ENOENT, path);
    }
    try {
      return inodes.get(ino);
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ESTALE) {
        throw e;
      }
      volume.error("deleted inode referenced: " + ino);
      throw new CorruptFileSystemException(
          Errno.EIO, "directory " + directory.number(), "inode", ino + ", deleted", "a live inode");
    }
  }
}
