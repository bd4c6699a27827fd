// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dir;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.volume.Volume;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks over all entries of a directory: {@code ext2_readdir} and {@code ext2_empty_dir}. The
 * caller holds the directory's {@code i_rwsem}.
 */
public final class DirectoryReader {
  /** {@code fs_ftype_to_dtype}, by the type byte of an entry. */
  private static final int[] TYPES = {0, 8, 4, 2, 6, 1, 12, 10};

  private final Volume volume;
  private final Ext2Inode directory;

  /** The entries of one directory. */
  public DirectoryReader(Volume volume, Ext2Inode directory) {
    this.volume = volume;
    this.directory = directory;
  }

  /**
   * Reads entries in the order of the medium.
   *
   * @param position 0, or {@link DirectoryEntry#next} of an entry; a position inside an entry that
   *     changed meanwhile counts as the entry after it
   * @param most how many at most
   * @return the entries; empty at the end
   * @throws Ext2Exception EIO for a page that cannot be right, unless entries before it were read
   */
  public List<DirectoryEntry> read(long position, int most) throws Ext2Exception {
    directory.iRwsem().assertHeld();
    List<DirectoryEntry> entries = new ArrayList<>();
    if (position > directory.size() - DirectoryPage.MIN_REC_LEN) {
      return entries;
    }
    long pages = Math.ceilDiv(directory.size(), DirectoryPage.BYTES);
    int offset = (int) (position & (DirectoryPage.BYTES - 1));
    for (long index = position >> DirectoryPage.BITS; index < pages; index++) {
      DirectoryPage page;
      try {
        page = DirectoryPage.read(volume, directory, index);
      } catch (Ext2Exception e) {
        volume.error("bad page in #" + directory.number());
        if (entries.isEmpty()) {
          throw e;
        }
        return entries;
      }
      for (int at = entryAt(page, offset); at < page.limit(); ) {
        DirEntry entry = page.entry(at);
        at += entry.recLen();
        if (entry.inode() == 0) {
          continue;
        }
        if (entries.size() == most) {
          return entries;
        }
        entries.add(
            new DirectoryEntry(
                entry.name(),
                (int) entry.inode(),
                type(entry),
                (index << DirectoryPage.BITS) + at));
      }
      offset = 0;
    }
    return entries;
  }

  /** {@code ext2_validate_entry}: the first entry at or behind a byte. */
  private static int entryAt(DirectoryPage page, int offset) {
    int at = page.chunkStart(offset);
    while (at < offset) {
      at += page.entry(at).recLen();
    }
    return at;
  }

  private int type(DirEntry entry) {
    int type = entry.fileType();
    return volume.hasFileType() && type < TYPES.length ? TYPES[type] : 0;
  }

  /** {@code ext2_empty_dir}: nothing but the two names of itself and its parent. */
  public boolean isEmpty() {
    directory.iRwsem().assertHeld();
    long pages = Math.ceilDiv(directory.size(), DirectoryPage.BYTES);
    for (long index = 0; index < pages; index++) {
      DirectoryPage page;
      try {
        page = DirectoryPage.read(volume, directory, index);
      } catch (Ext2Exception _) {
        // The volume knows of it; as in the kernel such a page counts as empty.
        continue;
      }
      for (int at = 0; at < page.limit(); at += page.entry(at).recLen()) {
        DirEntry entry = page.entry(at);
        if (entry.inode() != 0 && !isOwn(entry)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean isOwn(DirEntry entry) {
    byte[] name = entry.name();
    return switch (name.length) {
      case 1 -> name[0] == '.' && (int) entry.inode() == directory.number();
      case 2 -> name[0] == '.' && name[1] == '.';
      default -> false;
    };
  }
}
