// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.format;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * The options of a new file system, those of mke2fs. Immutable.
 *
 * @param bytes the size of the device
 * @param blockBytes {@code -b}: 1024, 2048 or 4096; 0 chooses by the size
 * @param inodeBytes {@code -I}: a power of two from 128 to the size of a block
 * @param inodes {@code -N}; 0 leaves it to the ratio
 * @param inodeRatio {@code -i}: bytes for each inode; 0 chooses by the size
 * @param reservedPercent {@code -m}: per cent of the blocks that are the super-user's
 * @param blocksPerGroup {@code -g}; 0 for as many as a bitmap has bits
 * @param label {@code -L}
 * @param uuid {@code -U}
 * @param hashSeed {@code -E hash_seed}
 * @param seconds the time of the making
 * @param features {@code -O}
 */
public record MkfsOptions(
    long bytes,
    int blockBytes,
    int inodeBytes,
    long inodes,
    long inodeRatio,
    double reservedPercent,
    int blocksPerGroup,
    String label,
    UUID uuid,
    UUID hashSeed,
    long seconds,
    Set<MkfsFeature> features) {
  private static final long MEBI = 1L << 20;

  /** Copies the set. */
  public MkfsOptions {
    features = Set.copyOf(features);
  }

  /** Returns the defaults of mke2fs -t ext2 for a device of a size. */
  public static MkfsOptions of(long bytes, UUID uuid, UUID hashSeed, long seconds) {
    return new MkfsOptions(
        bytes, 0, 256, 0, 0, 5, 0, "", uuid, hashSeed, seconds, EnumSet.allOf(MkfsFeature.class));
  }

  /** Returns true if the file system is to have a feature. */
  boolean has(MkfsFeature feature) {
    return features.contains(feature);
  }

  int features(int word) {
    return features.stream()
        .filter(each -> each.word() == word)
        .mapToInt(MkfsFeature::bit)
        .reduce(0, (a, b) -> a | b);
  }

  /** The size of a block that is given, or the one for file systems of this size. */
  int block() {
    return blockBytes != 0 ? blockBytes : bytes < 512 * MEBI ? 1024 : 4096;
  }

  /** The ratio that is given, or the one for file systems of this size: mke2fs.conf(5). */
  long ratio() {
    if (inodeRatio != 0) {
      return inodeRatio;
    }
    long bySize =
        bytes < 3 * MEBI
            ? 8192
            : bytes < 512 * MEBI ? 4096 : bytes < (4 * MEBI) * MEBI ? 16384 : 32768;
    return Math.max(bySize, block());
  }

  /** These options with other sizes of blocks and inodes; 0 keeps the default. */
  public MkfsOptions withSizes(int block, int inode, int perGroup) {
    return new MkfsOptions(
        bytes,
        block,
        inode == 0 ? inodeBytes : inode,
        inodes,
        inodeRatio,
        reservedPercent,
        perGroup,
        label,
        uuid,
        hashSeed,
        seconds,
        features);
  }

  /** These options with another number of inodes, and of reserved blocks. */
  public MkfsOptions withCounts(long count, long ratio, double percent) {
    return new MkfsOptions(
        bytes,
        blockBytes,
        inodeBytes,
        count,
        ratio,
        percent,
        blocksPerGroup,
        label,
        uuid,
        hashSeed,
        seconds,
        features);
  }

  /** These options with a label. */
  public MkfsOptions withLabel(String text) {
    return new MkfsOptions(
        bytes,
        blockBytes,
        inodeBytes,
        inodes,
        inodeRatio,
        reservedPercent,
        blocksPerGroup,
        text,
        uuid,
        hashSeed,
        seconds,
        features);
  }

  /**
   * These options with other features.
   *
   * @param text as {@code mke2fs -O} takes it: names with commas, a caret takes one away, none all
   * @throws IllegalArgumentException for a feature that is unknown
   */
  public MkfsOptions withFeatures(String text) {
    Set<MkfsFeature> chosen = EnumSet.noneOf(MkfsFeature.class);
    chosen.addAll(features);
    for (String word : text.split(",", -1)) {
      String name = word.startsWith("^") ? word.substring(1) : word;
      if (name.equals("none")) {
        chosen.clear();
        continue;
      }
      MkfsFeature feature =
          Arrays.stream(MkfsFeature.values())
              .filter(each -> each.text().equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "feature '%s', expected some of %s"
                          .formatted(
                              name,
                              Arrays.stream(MkfsFeature.values())
                                  .map(MkfsFeature::text)
                                  .toList())));
      if (word.startsWith("^")) {
        chosen.remove(feature);
      } else {
        chosen.add(feature);
      }
    }
    return new MkfsOptions(
        bytes,
        blockBytes,
        inodeBytes,
        inodes,
        inodeRatio,
        reservedPercent,
        blocksPerGroup,
        label,
        uuid,
        hashSeed,
        seconds,
        chosen);
  }
}
