// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dir.DirectoryReader;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.volume.Volume;
import java.util.List;

/** Reading an open directory: {@code iterate_dir}. */
final class Getdents {
  private Getdents() {}

  /**
   * Reads entries in the order of the medium.
   *
   * @param position 0, or {@link DirectoryEntry#next} of the last entry that was read
   * @param most how many at most
   * @throws Ext2Exception ENOTDIR, EINVAL, ENOENT for a removed directory, EIO
   */
  static List<DirectoryEntry> read(Ext2File file, Volume volume, long position, int most)
      throws Ext2Exception {
    Seek.requirePosition(position);
    Ext2Inode inode = file.inode();
    if (!inode.isDirectory()) {
      throw new Ext2Exception(Errno.ENOTDIR, inode + " is no directory");
    }
    try (var _ = inode.iRwsem().shared()) {
      if (inode.inDirectory().isDead()) {
        throw new Ext2Exception(Errno.ENOENT, inode + " was removed");
      }
      try {
        return new DirectoryReader(volume, inode).read(position, most);
      } finally {
        file.accessed(); // also after EIO
      }
    }
  }
}
