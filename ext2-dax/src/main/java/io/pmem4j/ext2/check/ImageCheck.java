// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.AttributeHeader;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A check of an image that is not mounted, in one pass over its inodes. It follows each pointer and
 * each name and compares them with bitmaps, counters and links. Bad input leads to findings and not
 * to exceptions. Not thread-safe.
 */
public final class ImageCheck {
  private static final ValueLayout.OfInt LE_INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int ROOT_INO = 2;
  private static final int SECTORS_PER_BLOCK = Geometry.BLOCK_BYTES / 512;
  private static final int DIRECT_BLOCKS = 12;
  private static final int TYPE_MASK = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int SYMLINK = 0120000;

  /** With its NUL, where a symbolic link in an inode leads to has as many bytes. */
  private static final int FAST_BYTES = 60;

  private static final int ENTRY_REGULAR = 1;
  private static final int ENTRY_DIRECTORY = 2;

  private final PersistentMemory memory;
  private final MemorySegment segment;
  private final Geometry geometry;
  private final Superblock superblock;
  private final List<GroupDescriptor> groups = new ArrayList<>();
  private final List<ImageFinding> findings = new ArrayList<>();

  /** By block: 0 free, 1 metadata of the file system, 2 referenced. */
  private final byte[] uses;

  private final int[] names;

  /** By block of attributes, the inodes that lead to it. */
  private final Map<Long, Integer> attributeUsers = new TreeMap<>();

  private ImageCheck(PersistentMemory memory) throws Ext2Exception {
    this.memory = memory;
    this.segment = memory.segment();
    this.superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
    this.geometry = Geometry.validated(superblock, memory.byteSize());
    this.uses = new byte[Math.toIntExact(geometry.blocksCount())];
    this.names = new int[Math.toIntExact(geometry.inodesCount()) + 1];
    for (int group = 0; group < geometry.groupsCount(); group++) {
      groups.add(
          new GroupDescriptor(memory, Geometry.BLOCK_BYTES + (long) group * GroupDescriptor.BYTES));
    }
  }

  /**
   * Checks an image.
   *
   * @param memory the file system, its block 0 at offset 0
   * @return the findings, none for an image that is consistent
   * @throws Ext2Exception EINVAL if the superblock cannot be mounted
   */
  public static List<ImageFinding> of(PersistentMemory memory) throws Ext2Exception {
    ImageCheck check = new ImageCheck(memory);
    check.run();
    return List.copyOf(check.findings);
  }

  private void add(Kind kind, long number) {
    findings.add(new ImageFinding(kind, number));
  }

  private void run() {
    markMetadata();
    int inodes = names.length - 1;
    boolean[] linked = new boolean[inodes + 1];
    for (int ino = ROOT_INO; ino <= inodes; ino++) {
      if (ino == ROOT_INO || ino >= geometry.firstIno()) {
        linked[ino] = inode(ino);
      }
    }
    for (int ino = ROOT_INO; ino <= inodes; ino++) {
      if (ino == ROOT_INO || ino >= geometry.firstIno()) {
        links(ino, linked[ino]);
      }
    }
    attributeUsers.forEach(this::attributes);
    bitmaps();
  }

  private void attributes(long block, int users) {
    AttributeHeader header = new AttributeHeader(memory, block * Geometry.BLOCK_BYTES);
    MemorySegment bytes = segment.asSlice(block * Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES);
    if (!header.isValid() || AttributeBlockCheck.complaint(bytes) != null) {
      add(Kind.BAD_ATTRIBUTES, block);
    } else if (header.refcount() > users) {
      add(Kind.ATTRIBUTE_REFERENCES_TOO_HIGH, block);
    } else if (header.refcount() < users) {
      add(Kind.ATTRIBUTE_REFERENCES_TOO_LOW, block);
    }
  }

  /** Superblocks and descriptors of each group that has them, its bitmaps and its table. */
  private void markMetadata() {
    for (int group = 0; group < groups.size(); group++) {
      GroupDescriptor descriptor = groups.get(group);
      if (Geometry.hasSuperblock(superblock, group)) {
        mark(geometry.groupFirstBlock(group), 1 + geometry.descriptorBlocks());
      }
      mark(descriptor.blockBitmap(), 1);
      mark(descriptor.inodeBitmap(), 1);
      mark(descriptor.inodeTable(), geometry.inodeTableBlocks());
    }
  }

  private void mark(long first, long count) {
    for (long block = first; block < first + count; block++) {
      if (block >= 0 && block < uses.length) {
        uses[(int) block] = 1;
      }
    }
  }

  private RawInode raw(int ino) {
    GroupDescriptor group = groups.get(geometry.groupOfInode(ino));
    int index = (ino - 1) % geometry.inodesPerGroup();
    return new RawInode(
        memory, group.inodeTable() * Geometry.BLOCK_BYTES + (long) index * geometry.inodeSize());
  }

  private boolean bit(long bitmap, long index) {
    byte value = segment.get(ValueLayout.JAVA_BYTE, bitmap * Geometry.BLOCK_BYTES + (index >> 3));
    return (value >> (index & 7) & 1) != 0;
  }

  /** Follows the pointers and names of an inode; returns true if it has a link. */
  private boolean inode(int ino) {
    RawInode raw = raw(ino);
    boolean marked =
        bit(
            groups.get(geometry.groupOfInode(ino)).inodeBitmap(),
            (ino - 1) % geometry.inodesPerGroup());
    if (raw.linksCount() == 0) {
      if (marked && ino >= geometry.firstIno()) {
        add(Kind.LEAKED_INODE, ino);
      }
      if (raw.mode() != 0 && raw.dtime() == 0) {
        add(Kind.DELETED_WITHOUT_TIME, ino);
      }
      return false;
    }
    if (!marked) {
      add(Kind.INODE_NOT_MARKED, ino);
    }
    new Tree(ino, raw).follow();
    return true;
  }

  private void links(int ino, boolean linked) {
    if (!linked) {
      if (names[ino] > 0) {
        add(Kind.DANGLING_NAME, ino);
      }
      return;
    }
    int links = raw(ino).linksCount();
    if (names[ino] == 0) {
      add(Kind.ORPHAN, ino);
    } else if (links > names[ino]) {
      add(Kind.LINKS_TOO_HIGH, ino);
    } else if (links < names[ino]) {
      add(Kind.LINKS_TOO_LOW, ino);
    }
  }

  private void bitmaps() {
    for (int group = 0; group < groups.size(); group++) {
      GroupDescriptor descriptor = groups.get(group);
      long first = geometry.groupFirstBlock(group);
      int free = 0;
      for (long block = first; block <= geometry.groupLastBlock(group); block++) {
        boolean marked = bit(descriptor.blockBitmap(), block - first);
        free += marked ? 0 : 1;
        int use = uses[(int) block];
        if (marked && use == 0) {
          add(Kind.LEAKED_BLOCK, block);
        } else if (!marked && use != 0) {
          add(Kind.BLOCK_NOT_MARKED, block);
        }
      }
      int freeInodes = 0;
      for (int i = 0; i < geometry.inodesPerGroup(); i++) {
        freeInodes += bit(descriptor.inodeBitmap(), i) ? 0 : 1;
      }
      if (free != descriptor.freeBlocksCount() || freeInodes != descriptor.freeInodesCount()) {
        add(Kind.FREE_COUNT, group);
      }
    }
  }

  /** The blocks of one inode. */
  private final class Tree {
    private final int ino;
    private final RawInode raw;
    private final boolean directory;
    private final long size;
    private long blocks;
    private long lastBlock = -1;

    Tree(int ino, RawInode raw) {
      this.ino = ino;
      this.raw = raw;
      int type = raw.mode() & TYPE_MASK;
      this.directory = type == DIRECTORY;
      this.size = raw.sizeLow() | (type == REGULAR ? raw.dirAcl() << 32 : 0);
    }

    void follow() {
      int type = raw.mode() & TYPE_MASK;
      boolean hasBlocks = type == REGULAR || directory || type == SYMLINK;
      if (raw.fileAcl() != 0) {
        attributes(raw.fileAcl());
      }
      long attributes = blocks;
      boolean fastSymlink = type == SYMLINK && raw.blocks() == attributes * SECTORS_PER_BLOCK;
      if (hasBlocks && !fastSymlink) {
        for (int i = 0; i < DIRECT_BLOCKS; i++) {
          data(raw.block(i), i);
        }
        long at = DIRECT_BLOCKS;
        long span = 1;
        for (int level = 1; level <= 3; level++) {
          span *= Geometry.ADDR_PER_BLOCK;
          indirect(raw.block(DIRECT_BLOCKS + level - 1), level, at, span);
          at += span;
        }
      }
      if (raw.blocks() != blocks * SECTORS_PER_BLOCK) {
        add(Kind.SECTORS, ino);
      }
      if (type == SYMLINK
          && (size == 0 || size >= (fastSymlink ? FAST_BYTES : Geometry.BLOCK_BYTES))) {
        add(Kind.BAD_SYMLINK, ino);
      }
      long pages = Math.ceilDiv(size, (long) Geometry.BLOCK_BYTES);
      if (lastBlock >= pages) {
        add(Kind.BLOCKS_PAST_SIZE, ino);
      }
      if (directory && lastBlock + 1 < pages) {
        add(Kind.BAD_DIRECTORY, ino);
      }
    }

    /** Several inodes may lead to one block of attributes. */
    private void attributes(long block) {
      if (attributeUsers.containsKey(block)) {
        blocks++;
      } else if (!use(block)) {
        return;
      }
      attributeUsers.merge(block, 1, Integer::sum);
    }

    /** Marks a block as referenced; false if it cannot be followed. */
    private boolean use(long block) {
      if (block < 0 || block >= uses.length || uses[(int) block] == 1) {
        add(Kind.BAD_POINTER, ino);
        return false;
      }
      blocks++;
      if (uses[(int) block] != 0) {
        add(Kind.SHARED_BLOCK, block);
        return false;
      }
      uses[(int) block] = 2;
      return true;
    }

    private void indirect(int pointer, int levels, long at, long span) {
      if (pointer == 0 || !use(Integer.toUnsignedLong(pointer))) {
        return;
      }
      long base = Integer.toUnsignedLong(pointer) * Geometry.BLOCK_BYTES;
      long part = span / Geometry.ADDR_PER_BLOCK;
      for (int i = 0; i < Geometry.ADDR_PER_BLOCK; i++) {
        int next = segment.get(LE_INT, base + 4L * i);
        if (next == 0) {
          continue;
        }
        if (levels == 1) {
          data(next, at + i);
        } else {
          indirect(next, levels - 1, at + i * part, part);
        }
      }
    }

    private void data(int pointer, long fileBlock) {
      if (pointer == 0) {
        if (directory && fileBlock * Geometry.BLOCK_BYTES < size) {
          add(Kind.BAD_DIRECTORY, ino);
        }
        return;
      }
      lastBlock = Math.max(lastBlock, fileBlock);
      long block = Integer.toUnsignedLong(pointer);
      if (use(block) && directory) {
        entries(block, fileBlock * Geometry.BLOCK_BYTES < size);
      }
    }

    /** Counts the names of a page; those past the size lead nowhere. */
    private void entries(long block, boolean counted) {
      int at = 0;
      while (at < Geometry.BLOCK_BYTES) {
        DirEntry entry = entry(block, at);
        if (entry == null) {
          add(Kind.BAD_DIRECTORY, ino);
          return;
        }
        if (counted && entry.inode() != 0) {
          name(entry);
        }
        at += entry.recLen();
      }
    }

    private @Nullable DirEntry entry(long block, int at) {
      int left = Geometry.BLOCK_BYTES - at;
      DirEntry entry = new DirEntry(memory, block * Geometry.BLOCK_BYTES + at);
      boolean good =
          left >= DirEntry.bytesFor(1)
              && entry.recLen() >= DirEntry.bytesFor(1)
              && entry.recLen() % 4 == 0
              && entry.recLen() >= DirEntry.bytesFor(entry.nameLen())
              && entry.recLen() <= left;
      return good ? entry : null;
    }

    private void name(DirEntry entry) {
      long target = entry.inode();
      if (target >= names.length || (target != ROOT_INO && target < geometry.firstIno())) {
        add(Kind.DANGLING_NAME, target);
        return;
      }
      names[(int) target]++;
      int type = raw((int) target).mode() & TYPE_MASK;
      boolean right =
          switch (entry.fileType()) {
            case 0 -> true;
            case ENTRY_REGULAR -> type == REGULAR;
            case ENTRY_DIRECTORY -> type == DIRECTORY;
            default -> type != REGULAR && type != DIRECTORY;
          };
      if (!right) {
        add(Kind.WRONG_TYPE, target);
      }
    }
  }
}
