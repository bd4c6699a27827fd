// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.StringJoiner;

/**
 * What a program's image is like.
 *
 * @param bytes of the whole image, a multiple of 2 MiB from 8 MiB to 64 MiB; the file system has 2
 *     MiB less, which belong to the namespace
 * @param blockBytes bytes of a block: 1024, 2048 or 4096; DAX is possible with 4096 only
 * @param blocksPerGroup blocks of a block group, a multiple of 8 from 256 to 8 * blockBytes; 0: as
 *     many as there can be
 */
public record ImageShape(long bytes, int blockBytes, int blocksPerGroup) {
  private static final long MIB = 1 << 20;

  /** Bytes before the file system. */
  public static final long FS_OFFSET_BYTES = 2 * MIB;

  /** Bytes of the largest image. */
  public static final long MAX_BYTES = 64 * MIB;

  /** The image of a program that says nothing about it. */
  public static final ImageShape DEFAULT = new ImageShape(MAX_BYTES, 4096, 0);

  /** Checks the ranges: {@link IllegalArgumentException}. */
  public ImageShape {
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

  /** Reads {@code 8m blocksize=1024 group=512}; what is not given is as in {@link #DEFAULT}. */
  static ImageShape parse(String text) {
    Words words = new Words(text);
    long bytes = words.number("size");
    int blockBytes = DEFAULT.blockBytes;
    int group = 0;
    while (words.hasMore()) {
      String[] parts = words.word("option").split("=", 2);
      if (parts.length < 2) {
        throw new IllegalArgumentException("missing value of " + parts[0]);
      }
      int value = Math.toIntExact(new Words(parts[1]).number(parts[0]));
      switch (parts[0]) {
        case "blocksize" -> blockBytes = value;
        case "group" -> group = value;
        default -> throw new IllegalArgumentException("unknown option '" + parts[0] + "'");
      }
    }
    return new ImageShape(bytes, blockBytes, group);
  }

  /** Bytes of the file system. */
  public long fsBytes() {
    return bytes - FS_OFFSET_BYTES;
  }

  /** The text {@link #parse} reads. */
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
    return text.toString();
  }
}
