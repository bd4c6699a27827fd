// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import io.pmem4j.harness.program.Bytes;
import java.util.List;
import java.util.Random;

/**
 * Arguments of generated operations. Most lie where faults and truncation meet: few pages, sizes
 * around the ends of pages. A few lie at the limits of types, of the block tree and of the kernel.
 */
final class GeneratedValues {
  static final int PAGE = 4096;

  /** Pages that most operations stay within. */
  static final int NEAR_PAGES = 6;

  /** Past the direct blocks, the first indirect block, and the first of the double one. */
  private static final int[] FAR_PAGES = {12, 13, 1035, 1036, 1037, 2060};

  /** EXT2_MAX_SIZE with blocks of 4096 bytes (fs/ext2/super.c, ext2_max_size). */
  private static final long MAX_FILE_BYTES = 2_196_873_666_560L;

  /** A file that may be larger than this is not asked for its extents: see {@link LeftOut}. */
  static final long SPARSE_BYTES = 64L << 20;

  private static final long[] LIMITS = {
    -1,
    -PAGE,
    Long.MIN_VALUE,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    (1L << 32) - 1,
    1L << 43,
    MAX_FILE_BYTES - 1,
    MAX_FILE_BYTES,
    MAX_FILE_BYTES + 1,
    Long.MAX_VALUE - PAGE + 1,
    Long.MAX_VALUE - 1,
    Long.MAX_VALUE
  };

  private static final List<String> PATHS = List.of("/a", "/b", "/c");

  private final Random random;
  private final List<String> prepared;

  /**
   * Values from a random sequence.
   *
   * @param prepared paths of files that the image starts with
   */
  GeneratedValues(Random random, List<String> prepared) {
    this.random = random;
    this.prepared = List.copyOf(prepared);
  }

  boolean oneIn(int many) {
    return random.nextInt(many) == 0;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  long of(long... choices) {
    return choices[random.nextInt(choices.length)];
  }

  long limit() {
    return LIMITS[random.nextInt(LIMITS.length)];
  }

  long farPage() {
    return FAR_PAGES[random.nextInt(FAR_PAGES.length)];
  }

  /** A size or a position: mostly near, mostly at or beside the end of a page. */
  long size() {
    if (oneIn(25)) {
      return limit();
    }
    long page = oneIn(5) ? farPage() : below(NEAR_PAGES);
    return switch (below(4)) {
      case 0 -> page * PAGE;
      case 1 -> page * PAGE + 1;
      case 2 -> Math.max(0, page * PAGE - 1);
      default -> page * PAGE + below(PAGE);
    };
  }

  /** Bytes of a read or a write. */
  int length() {
    return switch (below(8)) {
      case 0, 1 -> 1 + below(5 * PAGE);
      case 2 -> PAGE * (1 + below(4));
      default -> 1 + below(20);
    };
  }

  Bytes data(int length) {
    return new Bytes(String.format("%02x", 1 + below(255)), length);
  }

  /** A path that is mostly a regular file in the root. */
  String path() {
    if (!prepared.isEmpty() && oneIn(2)) {
      return of(prepared);
    }
    if (!oneIn(8)) {
      return of(PATHS);
    }
    return switch (below(12)) {
      case 0 -> "/";
      case 1 -> "/lost+found";
      case 2 -> "/d";
      case 3 -> "/d/x";
      case 4 -> "/a/x";
      case 5 -> "/nodir/x";
      case 6 -> "/" + "n".repeat(255);
      case 7 -> "/" + "n".repeat(256);
      case 8 -> "/a/";
      case 9 -> "//a";
      case 10 -> "/d".repeat(2050);
      default -> "/./b";
    };
  }

  /** Flags of open(2). */
  int openFlags() {
    if (oneIn(2)) {
      return 2 | 0100;
    }
    int flags = below(3);
    boolean directory = oneIn(12);
    if (directory) {
      flags |= 0200000;
    } else if (!oneIn(4)) {
      flags |= 0100;
    }
    for (int flag :
        new int[] {0200, 01000, 02000, 04000, 010000, 04010000, 040000, 01000000, 0400000}) {
      if (oneIn(7)) {
        flags |= flag;
      }
    }
    return flags;
  }

  int mode() {
    return oneIn(4) ? (int) of(0, 0600, 0777, 07777, 0444) : 0644;
  }
}
