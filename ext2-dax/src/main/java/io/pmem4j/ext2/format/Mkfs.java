// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.format;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.UUID;

/**
 * Makes a file system: {@code mke2fs -t ext2}. For the same options the bytes are those of mke2fs
 * 1.47. Belongs to one call.
 */
public final class Mkfs {
  private static final int ROOT_INO = 2;
  private static final int RESIZE_INO = 7;
  private static final int LOST_FOUND_INO = 11;
  private static final int DIRECTORY_TYPE = 2;
  private static final int DIRECT = 12;
  private static final int DOUBLE_INDIRECT = 13;
  private static final int LOST_FOUND_BYTES = 16 * 1024;

  private static final int DESCRIPTOR_BYTES = 32;

  /** EXT2_BG_INODE_ZEROED of {@code bg_flags}. */
  private static final int TABLE_ZEROED = 4;

  /** {@code i_extra_isize}: the bytes of a large inode that have a meaning. */
  private static final int EXTRA_BYTES = 32;

  private static final int SECTOR = 512;
  private static final String LOST_FOUND = "lost+found";

  private final PersistentMemory memory;
  private final MkfsOptions options;
  private final MkfsLayout layout;
  private final int block;
  private final boolean zeroed;

  /** By block, whether it is in use. */
  private final BitSet used = new BitSet();

  private final int[] directories;

  private Mkfs(PersistentMemory memory, MkfsOptions options, boolean zeroed) throws Ext2Exception {
    this.memory = memory;
    this.options = options;
    this.layout = MkfsLayout.of(options);
    this.block = layout.blockBytes();
    this.zeroed = zeroed;
    this.directories = new int[layout.groups()];
  }

  /**
   * Makes a file system, which is durable when it returns. A crash before leaves none, or one that
   * e2fsck takes.
   *
   * @param memory the device, of as many bytes as the options say at least
   * @param zeroed whether all of it is zero, so that tables of inodes need not be cleared
   * @throws Ext2Exception EINVAL for options that contradict each other, ENOSPC for too small a
   *     device
   */
  public static void make(PersistentMemory memory, MkfsOptions options, boolean zeroed)
      throws Ext2Exception {
    if (memory.byteSize() < options.bytes()) {
      throw new Ext2Exception(
          Errno.ENOSPC, memory.byteSize() + " bytes, expected " + options.bytes());
    }
    new Mkfs(memory, options, zeroed).make();
  }

  /**
   * Checks options without making anything.
   *
   * @throws Ext2Exception as {@link #make}
   */
  public static void check(MkfsOptions options) throws Ext2Exception {
    MkfsLayout.of(options);
  }

  /** Returns true if memory has the superblock of an ext2 file system. */
  public static boolean isFileSystem(PersistentMemory memory) {
    return memory.byteSize() >= 2 * Superblock.PRIMARY_OFFSET
        && new Superblock(memory, Superblock.PRIMARY_OFFSET).magic() == Superblock.MAGIC;
  }

  private void make() throws Ext2Exception {
    if (!zeroed) {
      // An old superblock must not describe what is half made.
      clear(0, Math.max(1, layout.firstDataBlock() + 1));
      memory.persist(0, 2L * 1024);
    }
    reserveStructures();
    if (!zeroed) {
      for (int group = 0; group < layout.groups(); group++) {
        clear(layout.inodeTable(group), layout.tableBlocks());
      }
    }
    badBlocks();
    long root = allocate(layout.firstBlock(0));
    directories[layout.groupOfInode(ROOT_INO)]++;
    lostAndFound(root);
    if (options.has(MkfsFeature.RESIZE_INODE)) {
      resizeInode();
    }
    bitmaps();
    descriptors();
    memory.drain();
    for (int group = layout.groups() - 1; group >= 0; group--) {
      if (layout.hasSuperblock(group)) {
        superblock(group);
      }
    }
    memory.persist(0, block);
  }

  private void clear(long first, int count) {
    memory.fill(first * block, (long) count * block, (byte) 0);
    memory.flush(first * block, (long) count * block);
  }

  private ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void store(long offset, ByteBuffer bytes) {
    MemorySegment source = MemorySegment.ofBuffer(bytes.clear());
    memory.copy(offset, source, 0, source.byteSize());
    memory.flush(offset, source.byteSize());
  }

  private void reserveStructures() {
    for (int group = 0; group < layout.groups(); group++) {
      long first = layout.firstBlock(group);
      int count = layout.superBlocks(group) + 2 + layout.tableBlocks();
      used.set((int) first, (int) (first + count));
    }
  }

  /** {@code ext2fs_new_block}: the first free one from a goal on, then from the begin. */
  private long allocate(long goal) throws Ext2Exception {
    long found = used.nextClearBit((int) goal);
    if (found >= layout.blocks()) {
      found = used.nextClearBit(layout.firstDataBlock());
    }
    if (found >= layout.blocks()) {
      throw new Ext2Exception(Errno.ENOSPC, "no block is left for " + LOST_FOUND);
    }
    used.set((int) found);
    return found;
  }

  /** {@code ext2fs_update_bb_inode} without bad blocks: times, and nothing else. */
  private void badBlocks() {
    ByteBuffer inode = buffer(128);
    times(inode);
    store(layout.inodeOffset(1), inode);
  }

  private void times(ByteBuffer inode) {
    int now = (int) options.seconds();
    inode.putInt(8, now).putInt(12, now).putInt(16, now);
  }

  private ByteBuffer inode(int mode, long bytes, int links, int blocks) {
    ByteBuffer inode = buffer(layout.inodeBytes());
    times(inode);
    inode.putShort(0, (short) mode).putInt(4, (int) bytes).putInt(108, (int) (bytes >>> 32));
    inode.putShort(26, (short) links).putInt(28, blocks * (block / SECTOR));
    if (layout.inodeBytes() > 128) {
      inode.putShort(128, (short) EXTRA_BYTES).putInt(144, (int) options.seconds());
    }
    return inode;
  }

  private static void pointer(ByteBuffer inode, int index, long to) {
    inode.putInt(40 + 4 * index, (int) to);
  }

  /** Puts an entry and returns where the next one begins. */
  private int entry(ByteBuffer directory, int at, int ino, int length, String name) {
    directory.putInt(at, ino).putShort(at + 4, (short) length);
    directory.put(at + 6, (byte) name.length());
    directory.put(at + 7, (byte) (options.has(MkfsFeature.FILETYPE) ? DIRECTORY_TYPE : 0));
    for (int i = 0; i < name.length(); i++) {
      directory.put(at + 8 + i, (byte) name.charAt(i));
    }
    return at + length;
  }

  /** The root directory with its one name, and the directory that it leads to. */
  private void lostAndFound(long root) throws Ext2Exception {
    ByteBuffer top = buffer(block);
    int at = entry(top, entry(top, 0, ROOT_INO, 12, "."), ROOT_INO, 12, "..");
    entry(top, at, LOST_FOUND_INO, block - at, LOST_FOUND);
    store(root * block, top);
    ByteBuffer inode = inode(0040755, block, 3, 1);
    pointer(inode, 0, root);
    store(layout.inodeOffset(ROOT_INO), inode);

    int wanted = Math.max(2, Math.min(DIRECT, LOST_FOUND_BYTES / block));
    directories[layout.groupOfInode(LOST_FOUND_INO)]++;
    ByteBuffer lost = inode(0040700, (long) wanted * block, 2, wanted);
    long goal = layout.firstBlock(layout.groupOfInode(LOST_FOUND_INO));
    for (int i = 0; i < wanted; i++) {
      goal = allocate(goal);
      pointer(lost, i, goal);
      ByteBuffer entries = buffer(block);
      if (i == 0) {
        int next = entry(entries, 0, LOST_FOUND_INO, 12, ".");
        entry(entries, next, ROOT_INO, block - next, "..");
      } else {
        entries.putShort(4, (short) block);
      }
      store(goal * block, entries);
    }
    store(layout.inodeOffset(LOST_FOUND_INO), lost);
  }

  /** {@code ext2fs_create_resize_inode}: each kept block lists its copies in other groups. */
  private void resizeInode() throws Ext2Exception {
    int perBlock = block / 4;
    long kept = layout.firstDataBlock() + 1L + layout.descriptorBlocks();
    long dind = allocate(kept + layout.reservedDescriptorBlocks() + layout.tableBlocks());
    ByteBuffer lists = buffer(block);
    int blocks = 1;
    for (int i = 0; i < layout.reservedDescriptorBlocks(); i++) {
      long primary = kept + i;
      lists.putInt(4 * ((layout.descriptorBlocks() + i) % perBlock), (int) primary);
      blocks++;
      ByteBuffer copies = buffer(block);
      int count = 0;
      for (int group = 1; group < layout.groups(); group++) {
        if (layout.hasSuperblock(group)) {
          copies.putInt(4 * count++, (int) (primary + (long) group * layout.blocksPerGroup()));
          blocks++;
        }
      }
      store(primary * block, copies);
    }
    store(dind * block, lists);
    long bytes = ((long) perBlock * perBlock + perBlock + DIRECT) * block;
    ByteBuffer inode = inode(0100600, bytes, 1, blocks);
    pointer(inode, DOUBLE_INDIRECT, dind);
    store(layout.inodeOffset(RESIZE_INO), inode);
  }

  private int usedInodes(int group) {
    long first = (long) group * layout.inodesPerGroup();
    return Math.clamp(LOST_FOUND_INO - first, 0, layout.inodesPerGroup());
  }

  /** Bits past the end of a group are set, as they have no block or inode. */
  private void bitmaps() {
    for (int group = 0; group < layout.groups(); group++) {
      long first = layout.firstBlock(group);
      BitSet blocks = used.get((int) first, (int) layout.endBlock(group));
      blocks.set((int) (layout.endBlock(group) - first), block * 8);
      store(layout.blockBitmap(group) * block, buffer(block).put(0, blocks.toByteArray()));
      BitSet inodes = new BitSet();
      inodes.set(0, usedInodes(group));
      inodes.set(layout.inodesPerGroup(), block * 8);
      ByteBuffer whole = buffer(block).put(0, inodes.toByteArray());
      store(layout.inodeBitmap(group) * block, whole);
    }
  }

  private int freeBlocks(int group) {
    long first = layout.firstBlock(group);
    long end = layout.endBlock(group);
    return (int) (end - first) - used.get((int) first, (int) end).cardinality();
  }

  private void descriptors() {
    ByteBuffer all = buffer(layout.descriptorBlocks() * block);
    for (int group = 0; group < layout.groups(); group++) {
      int at = group * DESCRIPTOR_BYTES;
      all.putInt(at, (int) layout.blockBitmap(group));
      all.putInt(at + 4, (int) layout.inodeBitmap(group));
      all.putInt(at + 8, (int) layout.inodeTable(group));
      all.putShort(at + 12, (short) freeBlocks(group));
      all.putShort(at + 14, (short) (layout.inodesPerGroup() - usedInodes(group)));
      all.putShort(at + 16, (short) directories[group]);
      all.putShort(at + 18, (short) TABLE_ZEROED);
    }
    for (int group = 0; group < layout.groups(); group++) {
      if (layout.hasSuperblock(group)) {
        store((layout.firstBlock(group) + 1) * block, all);
      }
    }
  }

  private void superblock(int group) {
    ByteBuffer all = buffer(1024);
    int now = (int) options.seconds();
    int inodes = layout.inodesPerGroup() * layout.groups();
    int free = 0;
    int overhead = layout.firstDataBlock();
    for (int each = 0; each < layout.groups(); each++) {
      free += freeBlocks(each);
      overhead += layout.superBlocks(each) + 2 + layout.tableBlocks();
    }
    int log = Integer.numberOfTrailingZeros(block) - 10;
    all.putInt(0, inodes).putInt(4, (int) layout.blocks());
    all.putInt(8, (int) (long) (options.reservedPercent() * layout.blocks() / 100.0));
    all.putInt(12, free).putInt(16, inodes - LOST_FOUND_INO);
    all.putInt(20, layout.firstDataBlock()).putInt(24, log).putInt(28, log);
    all.putInt(32, layout.blocksPerGroup()).putInt(36, layout.blocksPerGroup());
    all.putInt(40, layout.inodesPerGroup()).putInt(48, now);
    all.putShort(54, (short) -1).putShort(56, (short) 0xEF53);
    all.putShort(58, (short) (group == 0 ? 1 : 0)).putShort(60, (short) 1);
    all.putInt(64, now).putInt(76, 1).putInt(84, LOST_FOUND_INO);
    all.putShort(88, (short) layout.inodeBytes()).putShort(90, (short) group);
    all.putInt(92, options.features(0)).putInt(96, options.features(1));
    all.putInt(100, options.features(2));
    uuid(all, 104, options.uuid());
    byte[] label = options.label().getBytes(StandardCharsets.UTF_8);
    all.put(120, label, 0, Math.min(16, label.length));
    all.putShort(206, (short) layout.reservedDescriptorBlocks());
    uuid(all, 236, options.hashSeed());
    all.put(252, (byte) 1).putInt(256, 0xc).putInt(264, now);
    if (layout.inodeBytes() > 128) {
      all.putShort(348, (short) EXTRA_BYTES).putShort(350, (short) EXTRA_BYTES);
    }
    all.putInt(352, 1).putInt(584, overhead);
    store(group == 0 ? 1024 : layout.firstBlock(group) * block, all);
  }

  /** A UUID lies on the medium as it is written, the first byte first. */
  private static void uuid(ByteBuffer all, int at, UUID uuid) {
    all.putLong(at, Long.reverseBytes(uuid.getMostSignificantBits()));
    all.putLong(at + 8, Long.reverseBytes(uuid.getLeastSignificantBits()));
  }
}
