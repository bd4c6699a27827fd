// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.List;
import java.util.StringJoiner;

/**
 * The size and layout of a program's image.
 *
 * @param bytes of the whole image, a multiple of 2 MiB from 8 MiB to 64 MiB; the file system has 2
 *     MiB less, which belong to the namespace
 * @param blockBytes bytes of a block: 1024, 2048 or 4096; DAX is possible with 4096 only
 * @param blocksPerGroup blocks of a block group, a multiple of 8 from 256 to 8 * blockBytes; 0: as
 *     many as there can be
 * @param inodes how many inodes mke2fs is asked for, 16 to 65536; 0: as many as it chooses
 * @param format the variant of ext2
 * @param setup what is done to the empty file system before it is mounted, in order
 */
public record ImageShape(
    long bytes,
    int blockBytes,
    int blocksPerGroup,
    int inodes,
    ImageFormat format,
    List<ImageSetup> setup) {
  private static final long MIB = 1 << 20;

  /** Bytes before the file system. */
  public static final long FS_OFFSET_BYTES = 2 * MIB;

  /** Bytes of the largest image. */
  public static final long MAX_BYTES = 64 * MIB;

  /** The image of a program that says nothing about it. */
  public static final ImageShape DEFAULT =
      new ImageShape(MAX_BYTES, 4096, 0, 0, ImageFormat.DEFAULT, List.of());

  /** Checks the ranges: {@link IllegalArgumentException}. */
  public ImageShape {
    setup = List.copyOf(setup);
    if (inodes != 0 && (inodes < 16 || inodes > 65536)) {
      throw new IllegalArgumentException("inodes is " + inodes + ", expected 16 to 65536");
    }
    if (bytes < 8 * MIB || bytes > MAX_BYTES || bytes % (2 * MIB) != 0) {
      throw new IllegalArgumentException("an image has 8m to 64m, in steps of 2m");
    }
    if (blockBytes != 1024 && blockBytes != 2048 && blockBytes != 4096) {
      throw new IllegalArgumentException("blocksize must be 1024, 2048 or 4096");
    }
    if (blocksPerGroup != 0
        && (blocksPerGroup < 256 || blocksPerGroup > 8 * blockBytes || blocksPerGroup % 8 != 0)) {
      throw new IllegalArgumentException(
          "group must be a multiple of 8 from 256 to " + 8 * blockBytes + " blocks");
    }
  }

  /** A shape with as many inodes as mke2fs chooses, and empty. */
  public ImageShape(long bytes, int blockBytes, int blocksPerGroup) {
    this(bytes, blockBytes, blocksPerGroup, 0, ImageFormat.DEFAULT, List.of());
  }

  /** Parses {@code 8m blocksize=1024 group=512}; omitted values are those of {@link #DEFAULT}. */
  public static ImageShape parse(String text) {
    LineScanner words = new LineScanner(text);
    long bytes = words.number("size");
    int blockBytes = DEFAULT.blockBytes;
    int group = 0;
    int inodes = 0;
    ImageFormat format = ImageFormat.DEFAULT;
    while (words.hasMore()) {
      String[] parts = words.word("option").split("=", 2);
      if (parts.length < 2) {
        throw new IllegalArgumentException("missing value of " + parts[0]);
      }
      int value = Math.toIntExact(new LineScanner(parts[1]).number(parts[0]));
      switch (parts[0]) {
        case "blocksize" -> blockBytes = value;
        case "group" -> group = value;
        case "inodes" -> inodes = value;
        default -> {
          if (!ImageFormat.knows(parts[0])) {
            throw new IllegalArgumentException("unknown option '" + parts[0] + "'");
          }
          format = format.with(parts[0], value);
        }
      }
    }
    return new ImageShape(bytes, blockBytes, group, inodes, format, List.of());
  }

  /** Returns this shape with these set-up lines. */
  public ImageShape withSetup(List<ImageSetup> lines) {
    return new ImageShape(bytes, blockBytes, blocksPerGroup, inodes, format, lines);
  }

  /** Returns this shape with blocks of a size, unless it has another one than the default. */
  public ImageShape withBlocksOf(int size) {
    return blockBytes == DEFAULT.blockBytes
        ? new ImageShape(bytes, size, blocksPerGroup, inodes, format, setup)
        : this;
  }

  /** Returns whether the file system is corrupt before it is mounted. */
  public boolean isDamaged() {
    return setup.stream().anyMatch(line -> line.kind() == ImageSetup.Kind.DAMAGE);
  }

  /** Bytes of the file system. */
  public long fsBytes() {
    return bytes - FS_OFFSET_BYTES;
  }

  /** Returns the text that {@link #parse} reads, without the set-up. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(" ");
    text.add(bytes / MIB + "m");
    if (blockBytes != DEFAULT.blockBytes) {
      text.add("blocksize=" + blockBytes);
    }
    if (blocksPerGroup != 0) {
      text.add("group=" + blocksPerGroup);
    }
    if (inodes != 0) {
      text.add("inodes=" + inodes);
    }
    if (!format.equals(ImageFormat.DEFAULT)) {
      text.add(format.toString());
    }
    return text.toString();
  }
}
