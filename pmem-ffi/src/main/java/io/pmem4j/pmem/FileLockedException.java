// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * A file is mapped by another writer, in this JVM or in another process, and one of the two asked
 * for it to be {@link MapSpec#exclusive exclusive}. Nothing was mapped or changed.
 */
public final class FileLockedException extends FileSystemException {
  private static final long serialVersionUID = 1;

  FileLockedException(Path path, String reason) {
    super(path.toString(), null, reason);
  }
}
