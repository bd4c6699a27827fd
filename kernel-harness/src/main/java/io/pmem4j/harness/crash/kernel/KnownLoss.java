// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

/** A loss that ext2 has by design; docs/crash-consistency.md tells why. */
public enum KnownLoss {
  /** {@code ext2_sync_fs} flushes no device. */
  SYNC(
      "lose what sync(2) or syncfs(2) promised, until the next fence: ext2 flushes no device there"),

  /** {@code ext2_fsync} writes a block of pointers and the inode without a fence between them. */
  NEW_TREE(
      "lead to a new block of pointers that is not durable, and lose nothing if it is: ext2 has no"
          + " fence between them"),

  /** The halves of a size, {@code i_size} and {@code i_dir_acl}, lie in two lines of the cache. */
  TORN_SIZE(
      "have one half of an old size and one of a new one, which differ by 4 GiB, and lose nothing if"
          + " both are new: they are two words"),

  /** Without DAX a block is not zeroed, and its pointer does not wait for its data. */
  NEW_BLOCK(
      "show what a block held before that a file without DAX has got since its sync: no data is"
          + " ordered");

  private final String text;

  KnownLoss(String text) {
    this.text = text;
  }

  /** Returns the words after a number of states. */
  public String text() {
    return text;
  }
}
