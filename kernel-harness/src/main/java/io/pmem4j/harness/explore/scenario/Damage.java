// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Finding;

/** A kind of damage that an interleaving does, for code; its text is for people. */
public enum Damage {
  /** A block is reachable from two files. */
  BLOCK_IN_TWO_FILES("a block belongs to both files"),
  /** Bytes that a truncation removed are there when the file grows again. */
  CUT_BYTES_RETURN("bytes that were cut off come back"),
  /** A private page was copied from a block of another file. */
  FOREIGN_COPY("a private copy shows what another file holds"),
  /** A page past EOF stayed mapped. */
  MAPPED_PAST_EOF("a page table shows a page past EOF"),
  /** The page of zeros stayed mapped over a block. */
  STALE_ZEROS("a page table shows zeros where the file has a block"),
  /** A page table maps a block that the file does not have. */
  FOREIGN_BLOCK("a page table shows a block that is not the file's"),
  /** A load shows bytes of another file. */
  FOREIGN_MAPPING("a mapping shows what another file holds"),
  /** A mapping shows bytes that a truncation removed. */
  CUT_BYTES_SHOWN("the file shows bytes that were cut off"),
  /** A mapping shows bytes of no task. */
  UNWRITTEN_BYTES("the file shows bytes that no task wrote to it"),
  /** A store that did not fault is not in the file. */
  LOST_STORE("a store that succeeded is not there"),
  /** Bytes written to another file became zeros. */
  LOST_WRITE("another file has lost what was written to it"),
  /** A store went into a block of another file. */
  FOREIGN_STORE("another file shows what was stored through a mapping"),
  /** A store is still in a cache after unmount. */
  UNDURABLE_STORE("a store is not durable after the file system was unmounted"),
  /** Parent and child share a private page that one of them stores to. */
  SHARED_AFTER_FORK("a child's store changes its parent's private copy"),
  /** read(2) of a hole shows a former content of the block. */
  STALE_READ("read(2) shows what a block held before it was the file's"),
  /** A device reads from a block of another file. */
  FOREIGN_READ("a device reads what another file holds"),
  /** The medium changed between freeze and thaw. */
  STORE_WHILE_FROZEN("something is stored while the file system is frozen"),
  /** e2fsck complains of the image; the text of a finding is its complaint. */
  REFUSED_BY_E2FSCK("e2fsck");

  private final String text;

  Damage(String text) {
    this.text = text;
  }

  /** Returns the damage in words, by which findings of a scenario are told apart. */
  public String text() {
    return text;
  }

  /** Returns true if a finding is of this kind. */
  public boolean isShownBy(Finding finding) {
    return finding.cause() instanceof DamageError error && error.damage() == this;
  }
}
