// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Granularity;

/**
 * The rules by which stores reach the medium. In each mode an aligned word of 8 bytes is old or new
 * and never torn; a larger store is several words.
 */
public enum CrashMode {
  /**
   * Persistent memory behind the caches of an x86 processor. The cached stores of one line of 64
   * bytes become durable in their order, those of different lines in any order. Each may become
   * durable early. Words stored around the caches are in no order until a drain. Source: Px86
   * (Raad, POPL 2020); Khyzha and Lahav, POPL 2021.
   */
  X86(Granularity.CACHE_LINE, 64, 64),
  /**
   * Persistent memory as in {@link #X86}, with the freedom that the Java memory model gives the
   * compiler. Plain stores between two publishes or drains are in no order, even in one line. A
   * finding of this mode alone is a persistency race that a later JIT compiler may turn into a lost
   * store.
   */
  JAVA(Granularity.CACHE_LINE, 64, 64),
  /**
   * Persistent memory whose domain contains the caches (eADR, GPF). Stores become durable in the
   * order in which they become visible; a flush does nothing.
   */
  AUTO_FLUSH(Granularity.BYTE, Long.MAX_VALUE, 64),
  /**
   * Ordinary files behind the page cache. Between two syncs each sector of 512 bytes of a dirty
   * page may hold the content of any moment. A flush writes whole pages of 4 KiB and completes
   * before it returns.
   */
  PAGE(Granularity.PAGE, 512, 4096);

  private final Granularity granularity;
  final long orderedBytes;
  final long flushedBytes;

  CrashMode(Granularity granularity, long orderedBytes, long flushedBytes) {
    this.granularity = granularity;
    this.orderedBytes = orderedBytes;
    this.flushedBytes = flushedBytes;
  }

  /** Returns the granularity that memory of this mode reports. */
  public Granularity granularity() {
    return granularity;
  }
}
