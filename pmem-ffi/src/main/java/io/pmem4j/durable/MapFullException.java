// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/** Signals that a commit does not fit into a map. The map is unchanged. */
public final class MapFullException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  MapFullException(int wanted, int free) {
    super(
        "the commit needs "
            + wanted
            + " pages and "
            + free
            + " are free; remove keys, close snapshots, or use a larger file");
  }
}
