// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A source of memory for the paths below a folder, in the place of the kernel: memory that records,
 * that simulates a crash, or that fails. {@link Pmem#map} then returns regions over it, and
 * production code runs unchanged.
 *
 * <p>Such regions need no native access. They follow the {@link MapSpec}: creation, slices,
 * exclusive writers, read-only views and required granularity are as for files. A backend named in
 * the specification is ignored. Once the arena is closed their methods throw, but the segment of
 * {@link PersistentMemory#segment} lives as long as the provider's memory.
 *
 * <p>A provider is called by each thread that maps, one at a time.
 */
public interface RegionProvider {
  /** Returns the whole memory of a file, or empty if there is no file of this path. */
  Optional<PersistentMemory> find(Path path) throws IOException;

  /**
   * Makes a file that does not exist, of zeros. The name and the zeros are durable at once.
   *
   * @param bytes length, at least 1
   */
  PersistentMemory create(Path path, long bytes) throws IOException;

  /**
   * Returns the files of this provider, whose names and lengths have a durability of their own.
   * {@link PmemFile} asks for them, and {@link Pmem#map} finds existing files there. Without them
   * {@code PmemFile} refuses the paths of this provider.
   */
  default Optional<ProvidedFiles> files() {
    return Optional.empty();
  }

  /**
   * Lets a provider map all paths below a folder of this JVM, until the registration is closed. No
   * folder of this name needs to exist.
   *
   * @throws IllegalStateException if the folder has a provider
   */
  static Registration register(Path folder, RegionProvider provider) {
    return RegionProviders.register(folder, provider);
  }

  /** A registration of a provider; regions that it has mapped live on after the close. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
