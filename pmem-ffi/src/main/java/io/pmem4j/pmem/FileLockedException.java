// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * Signals a file that another writer has mapped, in this JVM or in another process, where one of
 * the two is {@link MapSpec#exclusive exclusive}. Nothing was mapped or changed.
 */
public final class FileLockedException extends FileSystemException {
  private static final long serialVersionUID = 1;

  FileLockedException(Path path, String reason) {
    super(path.toString(), null, reason);
  }
}
