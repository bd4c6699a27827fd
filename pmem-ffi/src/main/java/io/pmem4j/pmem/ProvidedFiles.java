// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The files and names of a {@link RegionProvider}, for {@link PmemFile}: the calls of the kernel
 * that it is made of. Names are durable after {@link #syncFolder} only. Every folder below the
 * provider's exists. Paths are absolute and normalised.
 */
public interface ProvidedFiles {
  /** Returns the file of a name, or empty if there is none. */
  Optional<ProvidedFile> open(Path path) throws IOException;

  /**
   * Makes an empty file without a name, as open(2) with O_TMPFILE.
   *
   * @param path the name that it will get
   */
  ProvidedFile make(Path path) throws IOException;

  /**
   * Gives a file its name.
   *
   * @throws java.nio.file.FileAlreadyExistsException if the name exists
   */
  void link(ProvidedFile file, Path path) throws IOException;

  /**
   * Renames a file.
   *
   * @throws java.nio.file.NoSuchFileException if there is no file of the old name
   * @throws java.nio.file.FileAlreadyExistsException if the new name exists
   */
  void move(Path from, Path to) throws IOException;

  /** Removes a name if it exists. */
  void unlink(Path path) throws IOException;

  /** Makes the names in a folder durable. */
  void syncFolder(Path folder) throws IOException;
}
