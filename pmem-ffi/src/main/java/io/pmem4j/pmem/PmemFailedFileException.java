// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/**
 * Signals a file whose write-back failed earlier, so that nothing in it can be made durable. The
 * kernel reports a write-back error once and may then drop the data. A later msync(2) or fsync(2)
 * that succeeds is no evidence. So after the first failure every persist, flush, drain,
 * deepPersist, publish and commit of the file throws. That holds for all its regions and slices, of
 * both backends.
 *
 * <p>To recover, close the arenas of all regions of this file in this JVM and map it anew. Then
 * verify its content: stores since the last successful persist of their range may be lost in part.
 * The first failure is the {@link #getCause cause}. Source: fsync(2), errors and notes.
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
