// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A directory of one run, in memory where there is room, gone afterwards. Its path is short: Unix
 * sockets live in it.
 */
public final class WorkDirectory implements AutoCloseable {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final long WANTED_BYTES = 8 * FsImage.FILE_BYTES;

  private final Path path;
  private final Thread shutdownHook = new Thread(this::remove, "pmem4j-work-directory-end");

  /** Makes one. */
  public WorkDirectory() throws IOException {
    boolean memory =
        Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() >= WANTED_BYTES;
    path =
        memory
            ? Files.createTempDirectory(MEMORY, "pmem4j-")
            : Files.createTempDirectory("pmem4j-");
    Runtime.getRuntime().addShutdownHook(shutdownHook);
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Removes it with all that is in it; the end of the JVM, as by ctrl-C, does so too. */
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
      Files.walkFileTree(
          path,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(
                Path directory, @org.jspecify.annotations.Nullable IOException failure)
                throws IOException {
              Files.deleteIfExists(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (NoSuchFileException e) {
      // Somebody was faster; gone is gone.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
