// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import io.pmem4j.harness.backend.FsImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares two ext2 images byte for byte, but for what {@link Normaliser} leaves out. Reads the few
 * fields it needs by their offsets (Documentation/filesystems/ext2.rst), not through the model's
 * layout: a mistake there must not hide itself here.
 */
final class ImageComparison {
  private static final int BLOCK_BYTES = 4096;
  private static final int SUPERBLOCK_OFFSET = 1024;
  private static final int DESCRIPTOR_BYTES = 32;
  private static final int MAX_REPORTED = 20;

  private final ByteBuffer left;
  private final ByteBuffer right;
  private final long blocks;
  private final int blocksPerGroup;
  private final int inodesPerGroup;
  private final int inodeBytes;

  private ImageComparison(ByteBuffer left, ByteBuffer right) {
    this.left = left;
    this.right = right;
    this.blocks = Integer.toUnsignedLong(left.getInt(SUPERBLOCK_OFFSET + 4));
    this.blocksPerGroup = left.getInt(SUPERBLOCK_OFFSET + 32);
    this.inodesPerGroup = left.getInt(SUPERBLOCK_OFFSET + 40);
    this.inodeBytes = Short.toUnsignedInt(left.getShort(SUPERBLOCK_OFFSET + 88));
  }

  /** The differences, one line each, the first few; none if the images are equal. */
  static List<String> differences(FsImage left, FsImage right) throws IOException {
    try (FileChannel a = FileChannel.open(left.path(), StandardOpenOption.READ);
        FileChannel b = FileChannel.open(right.path(), StandardOpenOption.READ)) {
      return new ImageComparison(map(a), map(b)).differences();
    }
  }

  private static ByteBuffer map(FileChannel channel) throws IOException {
    return channel
        .map(FileChannel.MapMode.READ_ONLY, FsImage.OFFSET_BYTES, FsImage.FS_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private List<String> differences() {
    List<String> found = new ArrayList<>();
    try {
      for (long block = 0; block < blocks; block++) {
        if (Normaliser.compares(isUsed(left, block), isUsed(right, block))) {
          compare(block, found);
        }
      }
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      // Only a broken writer leaves such an image: that is a finding, not a crash of ours.
      found.add("metadata is wrecked: " + e.getMessage());
    }
    return found;
  }

  private boolean isUsed(ByteBuffer image, long block) {
    int group = (int) (block / blocksPerGroup);
    int bit = (int) (block % blocksPerGroup);
    long bitmap = Integer.toUnsignedLong(image.getInt(descriptor(group))) * BLOCK_BYTES;
    return (image.get(Math.toIntExact(bitmap + bit / 8)) & 1 << bit % 8) != 0;
  }

  private void compare(long block, List<String> found) {
    int base = (int) (block * BLOCK_BYTES);
    if (left.slice(base, BLOCK_BYTES).equals(right.slice(base, BLOCK_BYTES))) {
      return;
    }
    for (int offset = 0; offset < BLOCK_BYTES; offset += 4) {
      int a = left.getInt(base + offset);
      int b = right.getInt(base + offset);
      if (a != b) {
        if (found.size() == MAX_REPORTED) {
          found.add("... and more");
          return;
        } else if (found.size() > MAX_REPORTED) {
          return;
        }
        found.add(describe(block, offset, a, b));
      }
    }
  }

  private String describe(long block, int offset, int a, int b) {
    String where = "block " + block + " + " + offset;
    if (block == 0 && offset >= SUPERBLOCK_OFFSET && offset < 2 * SUPERBLOCK_OFFSET) {
      where = "superblock + 0x" + Integer.toHexString(offset - SUPERBLOCK_OFFSET);
    } else if (inInodeTable(block)) {
      where = "inode " + inodeAt(block, offset) + " + " + offset % inodeBytes + " (" + where + ")";
    }
    return String.format("%s: %08x / %08x", where, a, b);
  }

  private boolean inInodeTable(long block) {
    int group = (int) (block / blocksPerGroup);
    long first = tableOf(group);
    return block >= first && block < first + (long) inodesPerGroup * inodeBytes / BLOCK_BYTES;
  }

  private long inodeAt(long block, int offset) {
    int group = (int) (block / blocksPerGroup);
    return (long) group * inodesPerGroup
        + ((block - tableOf(group)) * BLOCK_BYTES + offset) / inodeBytes
        + 1;
  }

  private long tableOf(int group) {
    return Integer.toUnsignedLong(left.getInt(descriptor(group) + 8));
  }

  private static int descriptor(int group) {
    return BLOCK_BYTES + group * DESCRIPTOR_BYTES;
  }
}
