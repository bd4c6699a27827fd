// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/** The implementation that maps a region and makes it durable. */
public enum Backend {
  /** The library libpmem, which also supports device DAX and platforms whose caches are durable. */
  LIBPMEM,
  /** The JDK alone: {@code READ_WRITE_SYNC} mappings if the medium supports them, else msync. */
  JDK
}
