// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import org.jspecify.annotations.Nullable;

/**
 * The errors of writing back a file: {@code errseq_t}. Each open file is told of an error once: the
 * next time that it syncs. A file opened after an error that another one was told of is not told.
 * Thread-safe.
 */
public final class WritebackErrors {
  /**
   * A value of the sequence.
   *
   * @param errno the last error; null for none
   * @param seen whether an open file was told of it
   * @param count errors that came after one of which a file was told
   */
  private record Value(@Nullable Errno errno, boolean seen, long count) {}

  private static final Value NONE = new Value(null, false, 0);

  /** Guarded by the monitor. */
  private Value now = NONE;

  /** No error yet. */
  public WritebackErrors() {}

  /** {@code errseq_set}: writing back has failed. */
  public synchronized void add(Errno errno) {
    now = new Value(errno, false, now.seen() ? now.count() + 1 : now.count());
  }

  /** {@code errseq_sample}: begins the view of a file that is opened now. */
  public synchronized View open() {
    return new View(now.seen() ? now : NONE);
  }

  /** The errors as one open file is told of them: {@code f_wb_err}. Thread-safe. */
  public final class View {
    private Value since;

    private View(Value since) {
      this.since = since;
    }

    /** As {@link #check}, for a caller that tells of an error already. */
    public void skip() {
      try {
        check();
      } catch (Ext2Exception _) {
        // told by the caller
      }
    }

    /**
     * Tells of an error that this file was not told of: {@code file_check_and_advance_wb_err}.
     *
     * @throws Ext2Exception the last error, unless this file was told of it
     */
    public void check() throws Ext2Exception {
      Errno errno;
      synchronized (WritebackErrors.this) {
        if (now.equals(since)) {
          return;
        }
        errno = now.errno();
        now = new Value(errno, true, now.count());
        since = now;
      }
      if (errno != null) {
        throw new Ext2Exception(errno, "the file could not be written back");
      }
    }
  }
}
