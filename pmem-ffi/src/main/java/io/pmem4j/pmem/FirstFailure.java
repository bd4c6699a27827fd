// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The first write-back failure of a file; after it nothing can be promised. Thread-safe. */
final class FirstFailure {
  private volatile @Nullable PmemException first;

  /**
   * Throws if the file has failed.
   *
   * @throws PmemFailedFileException with the first failure as cause
   */
  void check(String operation, Path path, long offset, long length) {
    PmemException failure = first;
    if (failure != null) {
      throw new PmemFailedFileException(operation, path, offset, length, failure);
    }
  }

  /** Fails the file for good, unless it has failed before; returns the exception to throw. */
  synchronized PmemException fail(PmemException reason) {
    if (first == null) {
      first = reason;
      PmemEvents.failed(reason);
    }
    return reason;
  }
}
