// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * The cache policy of {@link PersistentMemory#write}. It changes the speed, but not the durability.
 * Source: libpmem(7), pmem_memcpy(3).
 */
public enum Caching {
  /** The backend chooses by length; libpmem from {@code PMEM_MOVNT_THRESHOLD}, 256 bytes, up. */
  AUTO,
  /** Stores through the caches, for data that is read again soon. */
  TEMPORAL,
  /**
   * Stores around the caches if the backend can, for large data that is not read soon. A line is
   * then not read before it is overwritten, nor written back afterwards.
   */
  NON_TEMPORAL
}
