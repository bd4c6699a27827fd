// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;

/**
 * A file of {@link ProvidedFiles}, with a name or without. Two objects of one file are equal. Its
 * content and length are durable after {@link #sync} only, unless a persist of its memory made them
 * so.
 */
public interface ProvidedFile {
  /**
   * Returns the memory of the file from its first byte on. It may be longer than the file; the
   * caller stays inside the {@link #length}.
   */
  PersistentMemory memory();

  /** Returns the length in bytes. */
  long length() throws IOException;

  /**
   * Makes the file longer by zeros, or cuts it.
   *
   * @throws java.nio.file.FileSystemException if there is no room; the length is then unchanged
   */
  void setLength(long bytes) throws IOException;

  /** Makes content and length durable, as fsync(2). An exception is final for the file. */
  void sync() throws IOException;
}
