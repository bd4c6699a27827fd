// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.dax.FaultTrace;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.page.PageReclaim;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.MetadataOrder;
import io.pmem4j.ext2.volume.Volume;

/** Reading inodes from the table and writing them out: {@code ext2_iget}, {@code write_inode}. */
final class InodeTable {
  /** The root directory. */
  static final int ROOT_INO = 2;

  private static final int LOW_ID = 0xffff;
  private static final int OVERFLOW_ID = 65534;

  private final Volume volume;
  private final FaultTrace trace;
  private final Allocators services;
  private final PageReclaim reclaim;
  private final DirtyOrder order;

  InodeTable(Volume volume, FaultTrace trace, Allocators services) {
    this.volume = volume;
    this.trace = trace;
    this.services = services;
    this.reclaim = new PageReclaim(volume.instrumentation().cachePages());
    this.order = volume.instrumentation().variation().part(DirtyOrder.class, DirtyOrder.LINUX_5_10);
  }

  /** Returns the memory for page caches. */
  PageReclaim reclaim() {
    return reclaim;
  }

  /** An inode in memory without contents, for a number that was just allocated. */
  Ext2Inode blank(int ino, int mode) {
    return new Ext2Inode(volume, trace, services, this, ino, mode);
  }

  /**
   * Reads an inode.
   *
   * @throws Ext2Exception EINVAL for an impossible number, ESTALE for a deleted inode, EUCLEAN for
   *     one that cannot be right
   */
  Ext2Inode read(int ino) throws Ext2Exception {
    RawInode raw = raw(ino);
    if (raw.linksCount() == 0) {
      if (raw.mode() == 0 || raw.dtime() != 0) {
        throw new Ext2Exception(Errno.ESTALE, "inode " + ino + " is deleted");
      }
      volume.error("inode " + ino + " has zero i_nlink and no dtime");
      throw corrupt(ino, "i_links_count", "0 without i_dtime", "a link, or a deletion time");
    }
    Ext2Inode inode = blank(ino, raw.mode());
    boolean wide = !volume.options().has(MountFlag.NOUID32);
    inode.uid = raw.uidLow() | (wide ? raw.uidHigh() << 16 : 0);
    inode.gid = raw.gidLow() | (wide ? raw.gidHigh() << 16 : 0);
    inode.nlink = raw.linksCount();
    inode.times().read(raw);
    inode.blocks512 = raw.blocks();
    inode.flags = (int) raw.flags();
    inode.faddr = (int) raw.faddr();
    inode.frag = raw.frag();
    inode.fsize = raw.fsize();
    inode.attributes().block = (int) raw.fileAcl();
    if (raw.fileAcl() != 0 && !volume.geometry().dataBlocksValid(raw.fileAcl(), 1)) {
      volume.error("bad extended attribute block " + raw.fileAcl());
      throw corrupt(ino, "i_file_acl", Long.toString(raw.fileAcl()), "a block of the file system");
    }
    long size = raw.sizeLow();
    if (inode.isRegular()) {
      size |= raw.dirAcl() << 32;
    } else {
      inode.dirAcl = (int) raw.dirAcl();
    }
    if (size < 0) {
      throw corrupt(ino, "i_size", Long.toUnsignedString(size), "less than 2^63");
    }
    inode.size = size;
    inode.generation = (int) raw.generation();
    for (int i = 0; i < RawInode.N_BLOCKS; i++) {
      inode.data[i] = raw.block(i);
    }
    return inode;
  }

  /**
   * {@code __ext2_write_inode}: the medium gets what memory has; the block is dirty after.
   *
   * @return the block of the table
   */
  long write(Ext2Inode inode) throws Ext2Exception {
    RawInode raw = place(inode);
    try (var _ = inode.writingOut().hold()) {
      storeLocked(inode, raw);
      wroteBack(inode);
    }
    return volume.geometry().blockAt(raw.offset());
  }

  /**
   * Writes an inode out, if it is dirty, that the caller does not use: {@code writeback_sb_inodes}.
   * One that is being made is left alone: it may have links and no blocks yet. So is one that is
   * being freed: its place may be another inode's by now.
   */
  void writeBack(Ext2Inode inode) throws Ext2Exception {
    RawInode raw = place(inode);
    try (var _ = inode.writingOut().hold()) {
      if (!inode.ownedByOneTask && inode.changes().any()) {
        storeLocked(inode, raw);
      }
      wroteBack(inode);
    }
  }

  /** Ends the writing back of an inode, which may have had dirty pages alone. */
  void wroteBack(Ext2Inode inode) {
    inode.changes().wroteBack(inode.contents().isDirty(), order);
  }

  private RawInode place(Ext2Inode inode) throws Ext2Exception {
    RawInode raw = raw(inode.number());
    // Before the inode is clean: a second fsync that finds it so has nothing left to do.
    if (inode.isRegular() && inode.size > Integer.MAX_VALUE) {
      volume.requireLargeFile();
    }
    return raw;
  }

  /**
   * Stores under {@code I_SYNC}, one write-out of an inode at a time: sync and fsync may meet on
   * it. The inode is clean only after its block was marked: a second task finds the dirty inode or
   * the mark. A change during the stores leaves the inode dirty.
   */
  private void storeLocked(Ext2Inode inode, RawInode raw) {
    long changes = inode.changes().count();
    if (inode.isNew) {
      int bytes = volume.geometry().inodeSize();
      volume.memory().fill(raw.offset(), bytes, (byte) 0);
      // Behind the fields of ext2 may lie attributes that ext4 gave the last owner of the number.
      volume.order().flush(raw.offset(), bytes);
      inode.isNew = false;
    }
    Reach reach = new Reach(inode.nlink, inode.size);
    if (volume.order().isOrdered()) {
      storeAttributesOfSymlink(inode, raw);
      storeOrdered(inode, raw, reach);
    } else {
      storeBody(inode, raw);
      storeReach(inode, raw, reach);
      raw.dtime(inode.dtime);
    }
    volume.dirtyBlocks().markBytes(raw.offset());
    inode.changes().written(changes);
  }

  /**
   * The fields that make an inode or its blocks reachable. They are read before the others are: a
   * task that meanwhile appends or links then changes these too late and not too early, and the
   * inode stays dirty.
   */
  private record Reach(int links, long size) {}

  /**
   * A link follows all that it makes valid, the size follows the blocks, and the time of deletion
   * follows the loss of the link.
   */
  private void storeOrdered(Ext2Inode inode, RawInode raw, Reach reach) {
    MetadataOrder order = volume.order();
    storeBody(inode, raw);
    order.flush(raw.offset(), RawInode.GOOD_OLD_BYTES);
    order.drain();
    storeHalfOfSize(inode, raw, reach.size());
    storeReach(inode, raw, reach);
    order.flush(raw.offset(), RawInode.GOOD_OLD_BYTES);
    order.drain();
    if (raw.dtime() != Integer.toUnsignedLong(inode.dtime)) {
      raw.dtime(inode.dtime);
      order.flush(raw.offset(), RawInode.GOOD_OLD_BYTES);
    }
  }

  /**
   * The halves of a size lie in two lines. Where both change, the one that leaves the larger size
   * is durable first: a crash between them shows a hole behind the end, and cuts nothing off.
   */
  private void storeHalfOfSize(Ext2Inode inode, RawInode raw, long size) {
    long before = raw.dirAcl() << 32 | raw.sizeLow();
    if (!inode.isRegular() || before >>> 32 == size >>> 32 || (int) before == (int) size) {
      return;
    }
    if (before < size) {
      raw.dirAcl(size >>> 32);
    } else {
      raw.sizeLow(size);
    }
    volume.order().flush(raw.offset(), RawInode.GOOD_OLD_BYTES);
    volume.order().drain();
  }

  /**
   * A symbolic link with blocks and without attributes has its target in a block, as e2fsck sees
   * it. So its attributes are there before the number of its blocks has them, and go after it.
   */
  private void storeAttributesOfSymlink(Ext2Inode inode, RawInode raw) {
    int block = inode.attributes().block;
    if (!inode.isSymlink() || raw.fileAcl() == Integer.toUnsignedLong(block)) {
      return;
    }
    if (block == 0) {
      raw.blocks(sectors(inode));
    } else {
      raw.fileAcl(block);
    }
    volume.order().flush(raw.offset(), RawInode.GOOD_OLD_BYTES);
    volume.order().drain();
  }

  private static void storeReach(Ext2Inode inode, RawInode raw, Reach reach) {
    raw.linksCount(reach.links());
    raw.sizeLow(reach.size());
    if (inode.isRegular()) {
      raw.dirAcl(reach.size() >>> 32);
    } else {
      raw.dirAcl(inode.dirAcl);
    }
  }

  /** Stores the other fields, without the time of deletion. */
  private static void storeBody(Ext2Inode inode, RawInode raw) {
    boolean deleted = inode.dtime != 0;
    raw.mode(inode.mode);
    if (inode.isSymlink()) {
      // Where it leads to lies in the body, and its size never changes.
      raw.sizeLow(inode.size);
    }
    boolean wide = !inode.volume().options().has(MountFlag.NOUID32);
    raw.uidLow(wide ? inode.uid & LOW_ID : shortId(inode.uid));
    raw.gidLow(wide ? inode.gid & LOW_ID : shortId(inode.gid));
    raw.uidHigh(deleted || !wide ? 0 : inode.uid >>> 16);
    raw.gidHigh(deleted || !wide ? 0 : inode.gid >>> 16);
    raw.atime(inode.times().atime());
    raw.ctime(inode.times().ctime());
    raw.mtime(inode.times().mtime());
    raw.blocks(sectors(inode));
    raw.flags(inode.flags);
    raw.faddr(inode.faddr);
    raw.frag(inode.frag);
    raw.fsize(inode.fsize);
    raw.fileAcl(inode.attributes().block);
    raw.generation(inode.generation);
    for (int i = 0; i < RawInode.N_BLOCKS; i++) {
      raw.block(i, inode.data[i]);
    }
  }

  /** Returns {@code i_blocks}; in order that of a short symbolic link is its attributes' alone. */
  private static long sectors(Ext2Inode inode) {
    boolean isShort = inode.isSymlink() && inode.size < Symlink.FAST_BYTES;
    if (!isShort || !inode.volume().order().isOrdered()) {
      return inode.blocks512;
    }
    return inode.attributes().block == 0 ? 0 : inode.volume().geometry().sectorsPerBlock();
  }

  /** {@code fs_high2lowuid}: an id that 16 bits cannot hold becomes nobody's. */
  private static int shortId(int id) {
    return (id & ~LOW_ID) == 0 ? id : OVERFLOW_ID;
  }

  private RawInode raw(int ino) throws Ext2Exception {
    Geometry geometry = volume.geometry();
    if ((ino != ROOT_INO && ino < geometry.firstIno()) || ino > geometry.inodesCount()) {
      volume.error("bad inode number: " + ino);
      throw new CorruptFileSystemException(
          Errno.EINVAL,
          "directory entry",
          "inode",
          Integer.toUnsignedString(ino),
          geometry.firstIno() + ".." + geometry.inodesCount());
    }
    long table = volume.descriptor(geometry.groupOfInode(ino)).inodeTable();
    long inTable = (long) ((ino - 1) % geometry.inodesPerGroup()) * geometry.inodeSize();
    long block = table + geometry.blockAt(inTable);
    if (block >= geometry.blocksCount()) {
      // The kernel rounds the length of the table down, so the last inodes may lie past its end.
      volume.error("unable to read inode block - inode=" + ino + ", block=" + block);
      throw new CorruptFileSystemException(
          Errno.EIO,
          "inode " + ino,
          "block of the table",
          Long.toString(block),
          "less than " + geometry.blocksCount());
    }
    return new RawInode(volume.memory(), geometry.offsetOf(table) + inTable);
  }

  private static CorruptFileSystemException corrupt(
      int ino, String field, String found, String expected) {
    return new CorruptFileSystemException(Errno.EUCLEAN, "inode " + ino, field, found, expected);
  }
}
