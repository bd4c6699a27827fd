// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The one page of zeros that every hole of a machine is mapped as ({@code empty_zero_page}). A
 * mount has its own, as each stands for a machine: handlers that make it writable do harm to all
 * files of that mount, and to no other.
 */
public final class ZeroPage {
  private final byte[] bytes = new byte[Mmu.PAGE_BYTES];

  /** Makes a page full of zeros. */
  public ZeroPage() {}

  byte[] bytes() {
    return bytes;
  }
}
