// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dir;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.NewInode;
import io.pmem4j.ext2.inode.SynchronousChanges;
import io.pmem4j.ext2.layout.DirEntry;
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
  private static final int SECTOR_BITS = 9;
  private static final int NONE = -1;

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
    private final int at;

    private Found(DirectoryPage page, int at) {
      this.page = page;
      this.at = at;
    }

    private DirectoryPage page() {
      return page;
    }

    private int at() {
      return at;
    }

    private DirEntry entry() {
      return page.entry(at);
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
      if (index > directory.blocks512() >> (DirectoryPage.BITS - SECTOR_BITS)) {
        volume.error(
            "dir %d size %d exceeds block count %d"
                .formatted(directory.number(), directory.size(), directory.blocks512()));
        return null;
      }
      DirectoryPage page = DirectoryPage.read(volume, directory, index);
      DirEntry entry;
      for (int at = 0; at < page.limit(); at += entry.recLen()) {
        entry = page.entry(at);
        if (matches(entry, name)) {
          directory.inDirectory().startLookup(index);
          return new Found(page, at);
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
    long most = volume.geometry().blocksCount();
    if (volume.geometry().blockAt(directory.size()) > most) {
      throw new CorruptFileSystemException(
          Errno.EIO,
          directory.toString(),
          "i_size",
          directory.size() + " bytes",
          "at most " + most + " blocks");
    }
    for (long index = 0; ; index++) {
      try (var _ = directory.pageLocks().hold(index)) {
        DirectoryPage page = DirectoryPage.read(volume, directory, index);
        int place = firstFit(page, name, needed);
        if (place != NONE) {
          if (place == page.limit()) {
            addBlock(page);
          }
          insert(page.entry(place), name, inode);
          if (place == page.limit()) {
            directory.sizeLocked(directory.size() + volume.geometry().blockBytes());
          }
          commit(page, place);
          finish();
          return;
        }
      }
    }
  }

  /** Makes the block behind the limit of a page one unused entry. */
  private void addBlock(DirectoryPage page) throws Ext2Exception {
    long offset = page.grow();
    if (!volume.order().isOrdered()) {
      // Else the allocation has made it an empty block before it became reachable.
      int bytes = volume.geometry().blockBytes();
      volume.memory().fill(offset, bytes, (byte) 0);
      page.entry(page.limit()).recLen(bytes);
    }
  }

  /**
   * Returns the byte of the first place that is large enough, the limit of the page if the
   * directory ends in it, else {@link #NONE}.
   */
  private static int firstFit(DirectoryPage page, byte[] name, int needed) throws Ext2Exception {
    int at = 0;
    while (at <= DirectoryPage.BYTES - needed) {
      if (at == page.limit()) {
        return at;
      }
      DirEntry entry = page.entry(at);
      if (matches(entry, name)) {
        throw new Ext2Exception(Errno.EEXIST, "the name is taken");
      }
      int used = entry.inode() == 0 ? 0 : DirEntry.bytesFor(entry.nameLen());
      if (entry.recLen() >= used + needed) {
        return at;
      }
      at += entry.recLen();
    }
    return NONE;
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
    int target = found.at();
    try (var _ = directory.pageLocks().hold(page.index())) {
      int before = -1;
      for (int at = page.chunkStart(target); at < target; at += page.entry(at).recLen()) {
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
      commit(page, target);
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
      commit(found.page(), found.at());
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
    if (second < page.limit()) {
      return new Found(page, second);
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
    int bytes = volume.geometry().blockBytes();
    try (var _ = made.pageLocks().hold(0)) {
      DirectoryPage page = DirectoryPage.read(volume, made, 0);
      long offset = page.grow();
      volume.memory().fill(offset, bytes, (byte) 0);
      int type = volume.hasFileType() ? FileMode.directoryEntryType(made.mode()) : 0;
      DirEntry own = page.entry(0);
      own.recLen(DirEntry.bytesFor(1));
      own.name(new byte[] {'.'});
      own.fileType(type);
      own.inode(made.ino());
      DirEntry above = own.next();
      above.recLen(bytes - DirEntry.bytesFor(1));
      above.name(new byte[] {'.', '.'});
      above.fileType(type);
      above.inode(parent.ino());
      volume.order().flush(offset, bytes);
      volume.order().drain();
      NewInode.size(made, bytes);
      if (volume.order().isOrdered()) {
        // The inode comes to the medium after the parent's link for it.
        page.markDirty(0);
      } else {
        new DirectoryBlocks(volume, made).commit(page, 0);
      }
    }
  }

  /**
   * {@code ext2_commit_chunk}: the page was changed. With dirsync it is durable, then the inode;
   * the times change after that, so a crash may show the old ones.
   */
  private void commit(DirectoryPage page, int at) throws Ext2Exception {
    page.markDirty(at);
    if (SynchronousChanges.ofNames(directory)) {
      page.writeOut();
      SynchronousChanges.writeInode(directory);
    }
  }

  /** Times of a changed directory; an index it may have had is void. */
  private void finish() {
    directory.times().touch();
    directory.dropDirectoryIndex();
  }

  private long pages() {
    return Math.ceilDiv(directory.size(), DirectoryPage.BYTES);
  }

  private static boolean matches(DirEntry entry, byte[] name) {
    return entry.inode() != 0 && entry.isNamed(name);
  }
}
