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
    private long runFrom = -1;
    private boolean runMarked;
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
    }

    Map compare() {
      for (int i = 0; i < bits; i++) {
        boolean marked = image.bit(bitmap, i);
        boolean right = marked == expected.get((int) (first + i));
        free += marked ? 0 : 1;
        if (runFrom >= 0 && (right || marked != runMarked)) {
          end(first + i - 1);
        }
        if (!right && runFrom < 0) {
          runFrom = first + i;
          runMarked = marked;
        }
        if (marked && leaked == Kind.LEAKED_INODE && image.directories.get((int) first + i)) {
          directories++;
        }
      }
      if (runFrom >= 0) {
        end(first + bits - 1);
      }
      return this;
    }

    private void end(long last) {
      Kind kind = runMarked ? leaked : missing;
      int bit = runMarked ? 1 : 0;
      long at = image.at(bitmap) + (runFrom - first) / Byte.SIZE;
      image.run(kind, runFrom, last, field, at, bit, new Bounds(1 - bit, 1 - bit));
      runFrom = -1;
    }

    /** Reports a clear bit between the last one that means something and the end of the block. */
    void padding(int from, Kind kind, int group) {
      for (int i = from; i < image.blockBytes * Byte.SIZE; i++) {
        if (!image.bit(bitmap, i)) {
          image.add(kind, group, field, image.at(bitmap) + i / Byte.SIZE, 0, 1);
          return;
        }
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
