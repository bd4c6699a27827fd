// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/**
 * A file could not be written back earlier, so nothing can be made durable in it any more. The
 * kernel reports a write-back error once and may then drop the data; a later msync(2) or fsync(2)
 * that succeeds says nothing about it. So after the first failure every persist, flush, drain,
 * deepPersist, publish and commit of the file throws, in all its regions and slices, of both
 * backends.
 *
 * <p>What to do: close the arenas of all regions of this file in this JVM, map it anew, and verify
 * its content: stores since the last successful persist of their range may be lost in part. The
 * first failure is the {@link #getCause cause}. Source: fsync(2), errors and notes.
 */
public final class PmemFailedFileException extends PmemException {
  private static final long serialVersionUID = 1;

  PmemFailedFileException(
      String operation, Path path, long offset, long length, PmemException first) {
    super(
        operation,
        first.errno(),
        "the file is failed since "
            + first.operation()
            + " ["
            + first.offset()
            + ", +"
            + first.length()
            + ") reported \""
            + first.detail()
            + "\"; close all its regions, map it anew and verify its content",
        path,
        offset,
        length);
    initCause(first);
  }
}
