// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

/** The order that a store keeps with others, which decides the subsets that a crash may leave. */
public enum StoreOrder {
  /** A plain store of 1 to 8 aligned bytes. The processor keeps its order, the compiler may not. */
  PLAIN,
  /** A store with release order, or stronger: the compiler keeps its order too. */
  ORDERED,
  /** A copy or a fill: its aligned words are stored in any order. */
  BULK,
  /** A copy around the caches: its aligned words become durable in any order until a drain. */
  BYPASS,
  /** A name or a length of a file. Only a sync of its own makes it durable, in each mode. */
  METADATA,
  /** A store that is durable at once, as the zeros with which a file grows. */
  DURABLE
}
