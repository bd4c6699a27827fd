// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.mm.PinnedFrames;
import io.pmem4j.pmem.PersistentMemory;

/** The file behind a DAX mapping: what fs/dax.c asks of {@code mapping->host}. Thread-safe. */
public interface DaxHost {
  /** The inode number. */
  long ino();

  /** {@code i_size_read}: bytes. */
  long size();

  /** The memory that block addresses refer to. */
  PersistentMemory memory();

  /** Which of its frames devices hold. */
  PinnedFrames pins();

  /** Marks the pages of the inode dirty: {@code __mark_inode_dirty(I_DIRTY_PAGES)}. */
  void markPagesDirty();
}
