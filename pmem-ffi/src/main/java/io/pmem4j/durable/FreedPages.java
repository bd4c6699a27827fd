// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.Arrays;

/** Pages that commits have taken out of the tree, with the commits that wrote and freed them. */
final class FreedPages {
  private int[] pages = new int[8];
  private long[] written = new long[8];
  private long[] freed = new long[8];
  private int count;

  int count() {
    return count;
  }

  int page(int index) {
    return pages[index];
  }

  void add(int page, long writtenBy) {
    if (count == pages.length) {
      pages = Arrays.copyOf(pages, 2 * count);
      written = Arrays.copyOf(written, 2 * count);
      freed = Arrays.copyOf(freed, 2 * count);
    }
    pages[count] = page;
    written[count] = writtenBy;
    count++;
  }

  void add(FreedPages other, int index) {
    add(other.pages[index], other.written[index]);
    freed[count - 1] = other.freed[index];
  }

  void addTo(FreedPages other) {
    for (int i = 0; i < count; i++) {
      other.add(this, i);
    }
  }

  /** Notes the commit that freed all of them. */
  void freedBy(long commit) {
    Arrays.fill(freed, 0, count, commit);
  }

  /**
   * Returns true if the tree of one of the snapshots has a page.
   *
   * @param snapshots their commits in ascending order
   */
  boolean isNeeded(int index, long[] snapshots) {
    int from = Arrays.binarySearch(snapshots, written[index]);
    int first = from < 0 ? -1 - from : from;
    return first < snapshots.length && snapshots[first] < freed[index];
  }
}
