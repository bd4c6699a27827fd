// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/** The smallest unit in which a store becomes durable, which decides the work of a persist. */
public enum Granularity {
  /** Caches are inside the persistence domain (eADR, GPF), so that a fence is enough. */
  BYTE,
  /** Cache lines have to be written back: {@code clwb} or its like, and a fence. */
  CACHE_LINE,
  /** Ordinary storage writes whole pages back by {@code msync}. */
  PAGE
}
