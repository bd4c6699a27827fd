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
  /** The place of files that are executed: /dev/shm may be mounted without that. */
  public static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

  private static final Path MEMORY = Path.of("/dev/shm");
  private static final long WANTED_BYTES = 8 * FsImage.FILE_BYTES;

  private final OwnedDirectory directory;
  private final Thread shutdownHook = new Thread(this::remove, "pmem4j-work-directory-end");

  /** Makes a directory. */
  public WorkDirectory() throws IOException {
    this(hasRoom(MEMORY) ? MEMORY : TEMPORARY);
  }

  /**
   * Makes a directory in a given one.
   *
   * @throws IOException if none can be made there
   */
  public WorkDirectory(Path parent) throws IOException {
    directory = OwnedDirectory.make(parent, OwnedDirectory::removeTree);
    try {
      Runtime.getRuntime().addShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      remove();
      throw new IOException("the JVM is ending", e);
    }
  }

  private static boolean hasRoom(Path memory) throws IOException {
    return Files.isWritable(memory) && Files.getFileStore(memory).getUsableSpace() >= WANTED_BYTES;
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
