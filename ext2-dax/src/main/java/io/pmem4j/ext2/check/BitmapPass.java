// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Bounds;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.GroupDescriptor;
import java.util.BitSet;

/** The pass over bitmaps and counters, which the passes before it have found out the truth of. */
final class BitmapPass {
  private static final int FREE_BLOCKS = 12;
  private static final int FREE_INODES = 14;
  private static final int USED_DIRECTORIES = 16;

  private final CheckedImage image;
  private long freeBlocks;
  private long freeInodes;

  private BitmapPass(CheckedImage image) {
    this.image = image;
  }

  static void run(CheckedImage image) {
    BitmapPass pass = new BitmapPass(image);
    for (int group = 0; group < image.groups; group++) {
      pass.group(group);
    }
    if (!image.superblock.isBackup()) {
      pass.total("s_free_blocks_count", pass.freeBlocks);
      pass.total("s_free_inodes_count", pass.freeInodes);
    }
  }

  private void total(String field, long expected) {
    long found = image.superblock.get(field);
    if (found != expected) {
      image.add(Kind.TOTAL_FREE_COUNT, 0, field, image.superblock.at(field), found, expected);
    }
  }

  /** One bitmap of a group: where it lies, what its first bit is, and what should be set. */
  private final class Map {
    private final String field;
    private final long bitmap;
    private final long first;
    private final int bits;
    private final BitSet expected;
    private final Kind leaked;
    private final Kind missing;
    private final BitSet marked;
    private int free;
    private int directories;

    Map(
        String field,
        long bitmap,
        long first,
        int bits,
        BitSet expected,
        Kind leaked,
        Kind missing) {
      this.field = field;
      this.bitmap = bitmap;
      this.first = first;
      this.bits = bits;
      this.expected = expected;
      this.leaked = leaked;
      this.missing = missing;
      this.marked = image.bitmap(bitmap);
    }

    Map compare() {
      int from = (int) first;
      BitSet here = marked.get(0, bits);
      free = bits - here.cardinality();
      if (leaked == Kind.LEAKED_INODE) {
        BitSet markedDirectories = image.directories.get(from, from + bits);
        markedDirectories.and(here);
        directories = markedDirectories.cardinality();
      }
      BitSet wrong = expected.get(from, from + bits);
      wrong.xor(here);
      for (int begin = wrong.nextSetBit(0); begin >= 0; ) {
        boolean set = here.get(begin);
        int end = begin + 1;
        while (wrong.get(end) && here.get(end) == set) {
          end++;
        }
        report(begin, end - 1, set);
        begin = wrong.nextSetBit(end);
      }
      return this;
    }

    private void report(int begin, int last, boolean set) {
      int bit = set ? 1 : 0;
      image.run(
          set ? leaked : missing,
          first + begin,
          first + last,
          field,
          image.at(bitmap) + begin / Byte.SIZE,
          bit,
          new Bounds(1 - bit, 1 - bit));
    }

    /** Reports a clear bit between the last one that means something and the end of the block. */
    void padding(int from, Kind kind, int group) {
      int clear = marked.nextClearBit(from);
      if (clear < image.blockBytes * Byte.SIZE) {
        image.add(kind, group, field, image.at(bitmap) + clear / Byte.SIZE, 0, 1);
      }
    }
  }

  private void group(int group) {
    GroupDescriptor descriptor = image.descriptor(group);
    long first = image.superblock.groupFirst(group);
    int blocks = (int) (image.superblock.groupLast(group) - first + 1);
    Map block =
        new Map(
                "block bitmap",
                descriptor.blockBitmap(),
                first,
                blocks,
                image.found,
                Kind.LEAKED_BLOCK,
                Kind.BLOCK_NOT_MARKED)
            .compare();
    block.padding(blocks, Kind.BLOCK_PADDING, group);
    int perGroup = image.inodesPerGroup();
    Map inode =
        new Map(
                "inode bitmap",
                descriptor.inodeBitmap(),
                (long) group * perGroup + 1,
                perGroup,
                image.used,
                Kind.LEAKED_INODE,
                Kind.INODE_NOT_MARKED)
            .compare();
    inode.padding(perGroup, Kind.INODE_PADDING, group);
    freeBlocks += block.free;
    freeInodes += inode.free;
    if (!image.superblock.isBackup()) {
      count(group, Kind.FREE_COUNT, "bg_free_blocks_count", FREE_BLOCKS, block.free);
      count(group, Kind.FREE_COUNT, "bg_free_inodes_count", FREE_INODES, inode.free);
      count(group, Kind.DIRECTORY_COUNT, "bg_used_dirs_count", USED_DIRECTORIES, inode.directories);
    }
  }

  private void count(int group, Kind kind, String field, int offset, int expected) {
    long at = image.descriptor(group).offset() + offset;
    int found = image.u16(at);
    if (found != expected) {
      image.add(kind, group, field, at, found, expected);
    }
  }
}
