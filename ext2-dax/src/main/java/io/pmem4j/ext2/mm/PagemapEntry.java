// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The entry of a page table at an address, as {@code /proc/pid/pagemap} shows it.
 *
 * @param kind what is there
 * @param block the frame, which is the file system's block number, for {@link Kind#BLOCK}; the
 *     number of the page for {@link Kind#PAGE}; else 0
 * @param writable whether a store goes through without a fault
 * @param huge whether one entry shows it and its 511 neighbours, which for a DAX file is bit 61
 */
public record PagemapEntry(Kind kind, long block, boolean writable, boolean huge) {
  /** A kind of page table entry. */
  public enum Kind {
    /** Nothing: the next access faults. */
    NONE,
    /** The shared page of zeros that stands for a hole. */
    ZERO_PAGE,
    /** A block of the file. */
    BLOCK,
    /** A page of the file's page cache. */
    PAGE,
    /** A private copy. */
    ANONYMOUS
  }

  /**
   * {@code none}, {@code zero}, {@code anon}, {@code page}, {@code block N} or {@code block N
   * huge}.
   */
  @Override
  public String toString() {
    return switch (kind) {
      case NONE -> "none";
      case ZERO_PAGE -> "zero";
      case PAGE -> "page";
      case ANONYMOUS -> "anon";
      case BLOCK -> "block " + block + (huge ? " huge" : "");
    };
  }
}
