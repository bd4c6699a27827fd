// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory of one run, in memory where there is room, gone afterwards: at its end, at the end of
 * the JVM by a signal, and after SIGKILL at the start of the next run. Its path is short: Unix
 * sockets live in it.
 */
public final class WorkDirectory implements AutoCloseable {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final long WANTED_BYTES = 8 * FsImage.FILE_BYTES;

  private final OwnedDirectory directory;
  private final Thread shutdownHook = new Thread(this::remove, "pmem4j-work-directory-end");

  /** Makes a directory. */
  public WorkDirectory() throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    boolean memory =
        Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() >= WANTED_BYTES;
    directory = OwnedDirectory.make(memory ? MEMORY : temporary, OwnedDirectory::removeTree);
    Runtime.getRuntime().addShutdownHook(shutdownHook);
  }

  /** Returns where the directory is. */
  public Path path() {
    return directory.path();
  }

  /**
   * Removes the directory with all that is in it; the end of the JVM, as by ctrl-C, does so too.
   */
  @Override
  public void close() {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs anyway, and finds nothing left.
    }
  }

  private void remove() {
    try {
      directory.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
