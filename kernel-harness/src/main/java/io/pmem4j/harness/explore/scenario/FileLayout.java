// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

/**
 * The layout of the file {@code /a} that the tasks share.
 *
 * @param label in messages
 * @param imageBlocks of the file system
 * @param filePages pages of {@code /a}
 * @param first the page of the file that the mappings begin with: what is before it is a hole
 * @param hole the page of the mappings that has no block; -1 if all have one
 * @param mappedPages pages of each mapping, some of them past EOF
 * @param alignment of the blocks and of the mappings' addresses, in pages
 */
record FileLayout(
    String label,
    int imageBlocks,
    int filePages,
    int first,
    int hole,
    int mappedPages,
    int alignment) {
  /** Three pages, the middle one a hole, mapped two pages beyond the end. */
  static final FileLayout SMALL = new FileLayout("small", 64, 3, 0, 1, 5, 1);

  /**
   * A file with 2 MiB that a profile with PMD faults maps at once, and as much past EOF. They are
   * the second 2 MiB of the file, because the indirect block lies among the blocks of the first.
   */
  static final FileLayout HUGE = new FileLayout("2 MiB", 1100, 1024, 512, -1, 1024, 512);

  /** Returns the byte offset in the file of a page of the mappings. */
  long position(int page) {
    return (long) (first + page) * TwoFileFixture.PAGE;
  }

  /** The size of the file before the tasks start. */
  long fileBytes() {
    return (long) filePages * TwoFileFixture.PAGE;
  }

  /** Pages whose contents are compared after a run: all that operations touch. */
  int watchedPages() {
    return Math.min(mappedPages, 5);
  }
}
