// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import org.jspecify.annotations.Nullable;

/**
 * The state of a map after a commit.
 *
 * @param node the root of the tree; null before the first commit
 * @param sequence the number of the commit
 * @param entries the number of keys
 * @param end the number of the page after the last one that was ever used
 */
record MapRoot(@Nullable MapNode node, long sequence, long entries, int end) {
  static final MapRoot EMPTY = new MapRoot(null, 0, 0, MapHeader.FIRST_PAGE);

  static MapRoot of(MapNode node) {
    return new MapRoot(node, node.sequence, MapPage.entries(node.bytes), MapPage.end(node.bytes));
  }

  /** Returns the level of the root; leaves have level 0. */
  int level() {
    return node == null ? 0 : MapPage.level(node.bytes);
  }
}
