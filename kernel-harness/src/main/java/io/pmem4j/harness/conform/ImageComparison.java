// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.image.DescriptorOffsets;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares two ext2 images byte for byte, except for the differences that {@link Forgiveness}
 * lists. The few fields that it needs are read by their offsets
 * (Documentation/filesystems/ext2.rst), not through the model's layout: a mistake there must not
 * hide itself here.
 */
final class ImageComparison {
  private static final int SUPERBLOCK_OFFSET = 1024;
  private static final int MAX_REPORTED = 20;

  private final ImageContent left;
  private final ImageContent right;
  private final int blockBytes;
  private final long firstBlock;
  private final int blocksPerGroup;
  private final int inodesPerGroup;
  private final int inodeBytes;
  private final DescriptorOffsets descriptors;
  private final List<String> found = new ArrayList<>();
  private final Set<String> structures = new TreeSet<>();

  private ImageComparison(ImageContent left, ImageContent right) {
    this.left = left;
    this.right = right;
    this.firstBlock = word(left, SUPERBLOCK_OFFSET + 20);
    this.blockBytes = 1024 << (word(left, SUPERBLOCK_OFFSET + 24) & 7);
    this.blocksPerGroup = word(left, SUPERBLOCK_OFFSET + 32);
    this.inodesPerGroup = word(left, SUPERBLOCK_OFFSET + 40);
    boolean revisionZero = word(left, SUPERBLOCK_OFFSET + 76) == 0;
    this.inodeBytes = revisionZero ? 128 : word(left, SUPERBLOCK_OFFSET + 88) & 0xffff;
    this.descriptors = new DescriptorOffsets(offset -> word(left, offset));
  }

  /** Compares two images. */
  static ImageComparison of(ImageContent left, ImageContent right) {
    ImageComparison comparison = new ImageComparison(left, right);
    comparison.compare();
    return comparison;
  }

  /** Returns the differences, one line each, the first few; none if the images are equal. */
  List<String> differences() {
    return List.copyOf(found);
  }

  /**
   * Returns the kinds of structures that differ, by field if there is one, without block numbers.
   */
  Set<String> structures() {
    return Set.copyOf(structures);
  }

  private static int word(ImageContent image, long offset) {
    if (offset < 0 || offset >= FsImage.FS_BYTES) {
      throw new IndexOutOfBoundsException("offset " + offset + " of the file system");
    }
    return image
        .get((int) (offset / ImageContent.PAGE_BYTES))
        .order(ByteOrder.LITTLE_ENDIAN)
        .getInt((int) (offset % ImageContent.PAGE_BYTES));
  }

  private void compare() {
    try {
      for (int page : left.differences(right)) {
        for (int offset = 0; offset < ImageContent.PAGE_BYTES; offset += blockBytes) {
          long block = ((long) page * ImageContent.PAGE_BYTES + offset) / blockBytes;
          boolean free = !isUsed(left, block) && !isUsed(right, block);
          if (!Forgiveness.FREE_BLOCK.forgives(free)) {
            compare(page, offset);
          }
        }
      }
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      // Only a broken writer leaves such an image: that is a finding, not a crash of ours.
      found.add("metadata is wrecked: " + e.getMessage());
      structures.add("metadata");
    }
  }

  private boolean isUsed(ImageContent image, long block) {
    if (block < firstBlock) {
      // The boot block of small blocks has no bit.
      return true;
    }
    int group = (int) ((block - firstBlock) / blocksPerGroup);
    int bit = (int) ((block - firstBlock) % blocksPerGroup);
    long bitmap = Integer.toUnsignedLong(word(image, descriptors.of(group))) * blockBytes;
    return (word(image, bitmap + bit / 32 * 4L) & 1 << bit % 32) != 0;
  }

  private void compare(int page, int from) {
    ByteBuffer a = left.get(page).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer b = right.get(page).order(ByteOrder.LITTLE_ENDIAN);
    for (int offset = from; offset < from + blockBytes; offset += 4) {
      if (a.getInt(offset) != b.getInt(offset)) {
        if (found.size() == MAX_REPORTED) {
          found.add("... and more");
          return;
        } else if (found.size() > MAX_REPORTED) {
          return;
        }
        long at = (long) page * ImageContent.PAGE_BYTES + offset;
        found.add(String.format("%s: %08x / %08x", where(at), a.getInt(offset), b.getInt(offset)));
      }
    }
  }

  private String where(long offset) {
    long block = offset / blockBytes;
    String where = "block " + block + " + " + offset % blockBytes;
    if (offset >= SUPERBLOCK_OFFSET && offset < 2 * SUPERBLOCK_OFFSET) {
      String field = "superblock + 0x" + Long.toHexString(offset - SUPERBLOCK_OFFSET);
      structures.add(field);
      return field;
    }
    if (block >= firstBlock) {
      int group = (int) ((block - firstBlock) / blocksPerGroup);
      long table = Integer.toUnsignedLong(word(left, descriptors.of(group) + 8)) * blockBytes;
      if (offset >= table && offset < table + (long) inodesPerGroup * inodeBytes) {
        long inode = (long) group * inodesPerGroup + (offset - table) / inodeBytes + 1;
        structures.add("inode + " + offset % inodeBytes);
        return "inode " + inode + " + " + offset % inodeBytes + " (" + where + ")";
      }
    }
    structures.add("block");
    return where;
  }
}
