// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dir;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.BlockMap;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.FileMode;
import io.pmem4j.ext2.inode.NewInode;
import io.pmem4j.ext2.inode.SynchronousChanges;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.MetadataOrder;
import io.pmem4j.ext2.volume.Volume;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a directory. The caller holds the directory's {@code i_rwsem}: shared to look up,
 * exclusively to change.
 *
 * <p>Names are stored without padding and deleted entries keep theirs, so what the medium holds
 * between names is what earlier operations left there, as with the kernel.
 */
public final class DirectoryBlocks {
  private static final int SECTORS_PER_BLOCK = Geometry.BLOCK_BYTES / 512;

  private final Volume volume;
  private final Ext2Inode directory;

  /** The entries of one directory. */
  public DirectoryBlocks(Volume volume, Ext2Inode directory) {
    this.volume = volume;
    this.directory = directory;
  }

  /** A name that was found, and its place. */
  public static final class Found {
    private final DirectoryPage page;
    private final DirEntry entry;

    private Found(DirectoryPage page, DirEntry entry) {
      this.page = page;
      this.entry = entry;
    }

    private DirectoryPage page() {
      return page;
    }

    private DirEntry entry() {
      return entry;
    }
  }

  /**
   * Finds a name, as {@code ext2_inode_by_name} does.
   *
   * @return the inode number, or 0 if there is no such name
   * @throws Ext2Exception EIO for a directory that cannot be right
   */
  public int lookup(byte[] name) throws Ext2Exception {
    Found found = find(name);
    return found == null ? 0 : (int) found.entry().inode();
  }

  /**
   * {@code ext2_find_entry}: begins at the page of the last success.
   *
   * @return null if there is no such name
   * @throws Ext2Exception EIO for a directory that cannot be right
   */
  public @Nullable Found find(byte[] name) throws Ext2Exception {
    long pages = pages();
    if (pages == 0) {
      return null;
    }
    long start =
        directory.inDirectory().startLookup() >= pages ? 0 : directory.inDirectory().startLookup();
    long index = start;
    do {
      if (index > directory.blocks512() / SECTORS_PER_BLOCK) {
        volume.error(
            "dir %d size %d exceeds block count %d"
                .formatted(directory.number(), directory.size(), directory.blocks512()));
        return null;
      }
      DirectoryPage page = DirectoryPage.read(volume, directory, index);
      for (int at = 0; at < Geometry.BLOCK_BYTES; at += page.entry(at).recLen()) {
        DirEntry entry = page.entry(at);
        if (matches(entry, name)) {
          directory.inDirectory().startLookup(index);
          return new Found(page, entry);
        }
      }
      index = index + 1 >= pages ? 0 : index + 1;
    } while (index != start);
    return null;
  }

  /**
   * {@code ext2_add_link}: the first place from the beginning that is large enough, or a new block.
   *
   * @throws Ext2Exception EEXIST, ENOSPC, EIO
   */
  public void add(byte[] name, Ext2Inode inode) throws Ext2Exception {
    directory.iRwsem().assertHeldExclusively();
    int needed = DirEntry.bytesFor(name.length);
    long pages = pages();
    if (pages > volume.geometry().blocksCount()) {
      throw new CorruptFileSystemException(
          Errno.EIO,
          directory.toString(),
          "i_size",
          directory.size() + " bytes",
          "at most " + volume.geometry().blocksCount() + " blocks");
    }
    for (long index = 0; index < pages; index++) {
      try (var _ = directory.pageLocks().hold(index)) {
        DirectoryPage page = DirectoryPage.read(volume, directory, index);
        DirEntry place = firstFit(page, name, needed);
        if (place != null) {
          insert(place, name, inode);
          commit(page);
          finish();
          return;
        }
      }
    }
    try (var _ = directory.pageLocks().hold(pages)) {
      BlockMap.Mapped mapped = directory.blockMap().blocks(pages, 1, true);
      DirectoryPage page = new DirectoryPage(volume, pages, mapped.block());
      DirEntry entry = page.entry(0);
      if (!volume.order().isOrdered()) {
        // Else the allocation has made it an empty block before it became reachable.
        volume.memory().fill(mapped.block() * Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES, (byte) 0);
        entry.recLen(Geometry.BLOCK_BYTES);
      }
      insert(entry, name, inode);
      directory.sizeLocked((pages + 1) * Geometry.BLOCK_BYTES);
      commit(page);
      finish();
    }
  }

  private static @Nullable DirEntry firstFit(DirectoryPage page, byte[] name, int needed)
      throws Ext2Exception {
    int at = 0;
    while (at <= Geometry.BLOCK_BYTES - needed) {
      DirEntry entry = page.entry(at);
      if (matches(entry, name)) {
        throw new Ext2Exception(Errno.EEXIST, "the name is taken");
      }
      int used = entry.inode() == 0 ? 0 : DirEntry.bytesFor(entry.nameLen());
      if (entry.recLen() >= used + needed) {
        return entry;
      }
      at += entry.recLen();
    }
    return null;
  }

  /**
   * Stores an entry. A live entry shrinks to what it uses, and the rest becomes the place for the
   * new one. In the ordered mode the last store is the one that shows the new entry: the length of
   * the live one, or the inode number in an unused one.
   */
  private void insert(DirEntry place, byte[] name, Ext2Inode inode) {
    MetadataOrder order = volume.order();
    if (place.inode() == 0) {
      storeName(place, name, inode);
      order.flush(place.offset(), DirEntry.bytesFor(name.length));
      order.drain();
      place.inode(inode.ino());
    } else {
      int used = DirEntry.bytesFor(place.nameLen());
      DirEntry second = new DirEntry(place.memory(), place.offset() + used);
      second.recLen(place.recLen() - used);
      if (!order.isOrdered()) {
        place.recLen(used);
      }
      storeName(second, name, inode);
      second.inode(inode.ino());
      if (order.isOrdered()) {
        order.flush(second.offset(), DirEntry.bytesFor(name.length));
        order.drain();
        place.recLen(used);
      }
    }
    order.flush(place.offset(), DirEntry.HEADER_BYTES);
    order.drain();
  }

  private void storeName(DirEntry entry, byte[] name, Ext2Inode inode) {
    entry.name(name);
    entry.fileType(volume.hasFileType() ? FileMode.directoryEntryType(inode.mode()) : 0);
  }

  /**
   * Removes a name.
   *
   * @throws Ext2Exception ENOENT, EIO
   */
  public void delete(byte[] name) throws Ext2Exception {
    Found found = find(name);
    if (found == null) {
      throw new Ext2Exception(Errno.ENOENT, "no such name");
    }
    delete(found);
  }

  /**
   * {@code ext2_delete_entry}: the entry is merged into the one before it in its block, or only
   * loses its inode number when it is the first.
   *
   * @throws Ext2Exception EIO
   */
  public void delete(Found found) throws Ext2Exception {
    directory.iRwsem().assertHeldExclusively();
    DirectoryPage page = found.page();
    int target = page.positionOf(found.entry());
    try (var _ = directory.pageLocks().hold(page.index())) {
      int before = -1;
      for (int at = 0; at < target; at += page.entry(at).recLen()) {
        before = at;
      }
      MetadataOrder order = volume.order();
      if (before >= 0) {
        page.entry(before).recLen(target + found.entry().recLen() - before);
        order.flush(page.entry(before).offset(), DirEntry.HEADER_BYTES);
      }
      found.entry().inode(0);
      order.flush(found.entry().offset(), DirEntry.HEADER_BYTES);
      order.drain();
      commit(page);
    }
    finish();
  }

  /**
   * {@code ext2_set_link}: a name leads to another inode. In the ordered mode the type is unknown
   * while the number changes, as the two may lie in different words.
   *
   * @param updateTimes false for the name of the parent, whose change is none of the contents
   * @throws Ext2Exception EIO
   */
  public void setLink(Found found, Ext2Inode inode, boolean updateTimes) throws Ext2Exception {
    directory.iRwsem().assertHeldExclusively();
    try (var _ = directory.pageLocks().hold(found.page().index())) {
      DirEntry entry = found.entry();
      MetadataOrder order = volume.order();
      int type = volume.hasFileType() ? FileMode.directoryEntryType(inode.mode()) : 0;
      if (order.isOrdered() && entry.fileType() != type) {
        entry.fileType(0);
        order.flush(entry.offset(), DirEntry.HEADER_BYTES);
        order.drain();
        entry.inode(inode.ino());
        order.flush(entry.offset(), DirEntry.HEADER_BYTES);
        order.drain();
      }
      entry.inode(inode.ino());
      entry.fileType(type);
      order.flush(entry.offset(), DirEntry.HEADER_BYTES);
      order.drain();
      commit(found.page());
    }
    if (updateTimes) {
      directory.times().touch();
    }
    directory.dropDirectoryIndex();
  }

  /**
   * {@code ext2_dotdot}: the second entry of the directory, whatever its name is.
   *
   * @throws Ext2Exception EIO
   */
  public Found dotdot() throws Ext2Exception {
    DirectoryPage page = DirectoryPage.read(volume, directory, 0);
    int second = page.entry(0).recLen();
    if (second < Geometry.BLOCK_BYTES) {
      return new Found(page, page.entry(second));
    }
    throw new CorruptFileSystemException(
        Errno.EIO, directory.toString(), "entries of block 0", "one", "two");
  }

  /**
   * {@code ext2_make_empty}: the first block of a directory to which no name leads yet.
   *
   * @throws Ext2Exception ENOSPC
   */
  public static void makeEmpty(Volume volume, Ext2Inode made, Ext2Inode parent)
      throws Ext2Exception {
    try (var _ = made.pageLocks().hold(0)) {
      long offset = made.blockMap().blocks(0, 1, true).block() * Geometry.BLOCK_BYTES;
      volume.memory().fill(offset, Geometry.BLOCK_BYTES, (byte) 0);
      int type = volume.hasFileType() ? FileMode.directoryEntryType(made.mode()) : 0;
      DirEntry own = new DirEntry(volume.memory(), offset);
      own.recLen(DirEntry.bytesFor(1));
      own.name(new byte[] {'.'});
      own.fileType(type);
      own.inode(made.ino());
      DirEntry above = own.next();
      above.recLen(Geometry.BLOCK_BYTES - DirEntry.bytesFor(1));
      above.name(new byte[] {'.', '.'});
      above.fileType(type);
      above.inode(parent.ino());
      volume.order().flush(offset, Geometry.BLOCK_BYTES);
      volume.order().drain();
      NewInode.size(made, Geometry.BLOCK_BYTES);
      DirectoryPage page = new DirectoryPage(volume, 0, offset / Geometry.BLOCK_BYTES);
      if (volume.order().isOrdered()) {
        // The inode comes to the medium after the parent's link for it.
        page.markDirty();
      } else {
        new DirectoryBlocks(volume, made).commit(page);
      }
    }
  }

  /**
   * {@code ext2_commit_chunk}: the page was changed. With dirsync it is durable, then the inode;
   * the times change after that, so a crash may show the old ones.
   */
  private void commit(DirectoryPage page) throws Ext2Exception {
    page.markDirty();
    if (SynchronousChanges.ofNames(directory)) {
      volume.dirtyBlocks().writeOut(page.block());
      SynchronousChanges.writeInode(directory);
    }
  }

  /** Times of a changed directory; an index it may have had is void. */
  private void finish() {
    directory.times().touch();
    directory.dropDirectoryIndex();
  }

  private long pages() {
    return Math.ceilDiv(directory.size(), Geometry.BLOCK_BYTES);
  }

  private static boolean matches(DirEntry entry, byte[] name) {
    return entry.inode() != 0 && entry.isNamed(name);
  }
}
