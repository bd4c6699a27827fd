// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

/**
 * The place that an inode has among the dirty ones, in whose order sync writes back, after an fsync
 * or msync has left pages of it dirty.
 */
public enum DirtyOrder {
  /** Linux 5.10: the place that it had. */
  LINUX_5_10,
  /** Later, with {@code redirty_tail_locked}: the last one. */
  LINUX_6_1
}
