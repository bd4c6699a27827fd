// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The free pages of a map. Nothing about them is stored: all pages are free that the tree does not
 * reach. A page that a commit has taken out of the tree is free once no snapshot is open of the
 * commits from the one that wrote it. Guarded by the lock of the writer.
 */
final class MapSpace {
  /** The free pages below the frontier. */
  private final BitSet free = new BitSet();

  /** The first page that was never used; it and all after it are free. */
  private int frontier;

  /** The page after the last one. */
  private int end;

  /** Pages that the latest commit has taken out of the tree. */
  private FreedPages fresh = new FreedPages();

  /** Such pages of earlier commits that a snapshot needed. */
  private FreedPages pinned = new FreedPages();

  private long[] pinning = {};
  private int count;
  private int lowest;

  /**
   * Finds the pages that a tree does not reach.
   *
   * @throws DurableCorruptionException if a page cannot be read or is reached twice
   */
  MapSpace(MapPages pages, MapRoot root) {
    BitSet used = new BitSet();
    new MapWalk(
            pages,
            (word, level) -> {
              int page = MapNode.page(word);
              if (used.get(page)) {
                throw new DurableCorruptionException(
                    "page " + page + " is in the tree twice", MapPages.at(page));
              }
              used.set(page);
            })
        .skipSmallLeaves()
        .walk(root);
    frontier = root.end();
    end = pages.count();
    free.set(MapHeader.FIRST_PAGE, frontier);
    free.andNot(used);
    count = free.cardinality() + (end - frontier);
  }

  /** Adds the pages that the memory has grown by. */
  void grown(int newEnd) {
    count += newEnd - end;
    end = newEnd;
  }

  int free() {
    return count;
  }

  /**
   * Makes the pages free that no reader needs any more.
   *
   * @param snapshots the commits of which snapshots are open, in ascending order
   */
  void release(long[] snapshots) {
    FreedPages waiting = fresh;
    if (!Arrays.equals(snapshots, pinning)) {
      pinned.addTo(fresh);
      pinned = new FreedPages();
      pinning = snapshots;
    }
    fresh = new FreedPages();
    for (int i = 0; i < waiting.count(); i++) {
      if (waiting.isNeeded(i, snapshots)) {
        pinned.add(waiting, i);
      } else {
        give(waiting.page(i));
      }
    }
  }

  /** Adds pages that a commit has taken out of the tree. */
  void freeLater(FreedPages pages, long commit) {
    pages.freedBy(commit);
    fresh = pages;
  }

  private void give(int page) {
    free.set(page);
    lowest = Math.min(lowest, page);
    count++;
  }

  void give(int[] pages) {
    for (int page : pages) {
      give(page);
    }
  }

  /** Takes free pages, the lowest ones; the caller has checked that there are so many. */
  int[] take(int wanted) {
    int[] taken = new int[wanted];
    for (int i = 0; i < wanted; i++) {
      int next = free.nextSetBit(lowest);
      if (next < 0) {
        next = frontier++;
      } else {
        free.clear(next);
      }
      taken[i] = next;
      lowest = next + 1;
    }
    count -= wanted;
    return taken;
  }
}
