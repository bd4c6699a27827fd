// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

/**
 * How large the file is that two tasks work on.
 *
 * @param label in messages
 * @param imageBlocks of the file system
 * @param filePages pages of {@code /a}
 * @param hole the page that has no block; -1 if all have one
 * @param mappedPages pages of each mapping, some of them behind the end
 * @param alignment of the blocks and of the mappings' addresses, in pages
 */
record Shape(
    String label, int imageBlocks, int filePages, int hole, int mappedPages, int alignment) {
  /** Three pages, the middle one a hole, mapped two pages beyond the end. */
  static final Shape SMALL = new Shape("small", 64, 3, 1, 5, 1);

  /** 2 MiB that a profile with PMD faults maps at once, and as much behind the end. */
  static final Shape HUGE = new Shape("2 MiB", 1100, 512, -1, 1024, 512);

  /** Pages whose contents are compared after a run: all that operations touch. */
  int watchedPages() {
    return Math.min(mappedPages, 5);
  }
}
