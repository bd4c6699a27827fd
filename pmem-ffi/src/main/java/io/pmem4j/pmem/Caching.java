// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * How {@link PersistentMemory#write} stores: through the caches or around them. What becomes
 * durable and when is the same; this is about speed only. Source: libpmem(7), pmem_memcpy(3).
 */
public enum Caching {
  /** The backend chooses by length; libpmem from {@code PMEM_MOVNT_THRESHOLD}, 256 bytes, up. */
  AUTO,
  /** Through the caches: for data that is read again soon. */
  TEMPORAL,
  /**
   * Around the caches, where the backend has such stores: for much data that is not read soon. No
   * line has to be read before it is overwritten, nor written back afterwards.
   */
  NON_TEMPORAL
}
