// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/** Who maps a region and makes it durable. */
public enum Backend {
  /**
   * libpmem: knows persistent memory that the JDK does not (device DAX), and platforms whose caches
   * are durable.
   */
  LIBPMEM,
  /** The JDK alone: {@code READ_WRITE_SYNC} mappings where the medium has them, else msync. */
  JDK
}
