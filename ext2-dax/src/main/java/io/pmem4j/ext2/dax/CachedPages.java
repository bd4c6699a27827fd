// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.sched.Scheduler;
import java.util.function.LongConsumer;

/**
 * The pages of a DAX file that are not DAX entries. Truncation and write(2) remove them as they
 * remove entries. Files of Linux 5.10 have none. Thread-safe.
 */
public interface CachedPages {
  /** Makes the pages of one file. */
  @FunctionalInterface
  interface Maker {
    /** The maker for files without such pages. */
    Maker NONE = (_, _, _) -> CachedPages.NONE;

    /** Returns the pages of a file that has none yet. */
    CachedPages make(DaxHost host, Scheduler scheduler, LockValidator validator);
  }

  /** The pages of a file that has none. */
  CachedPages NONE =
      new CachedPages() {
        @Override
        public void remove(long firstIndex, long lastIndex, LongConsumer unmap) {}

        @Override
        public int countFrom(long firstIndex) {
          return 0;
        }
      };

  /**
   * Locks each page of a range, unmaps it and deletes it.
   *
   * @param lastIndex the last index of the range
   * @param unmap unmaps the page of an index, which is locked
   */
  void remove(long firstIndex, long lastIndex, LongConsumer unmap);

  /** Returns the number of pages from an index on, for postconditions. */
  int countFrom(long firstIndex);
}
