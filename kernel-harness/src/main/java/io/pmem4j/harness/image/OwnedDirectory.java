// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A temporary directory that a later process can tell from one in use. The owner holds a lock
 * (fcntl(2)) on a file in it, and the kernel releases the lock when the owner ends in any way. A
 * process that creates one first removes those of dead owners beside it. Thread-safe.
 */
public final class OwnedDirectory implements AutoCloseable {
  private static final String PREFIX = "pmem4j-";
  private static final String OWNER = ".owner";

  /** Passes over a tree that another thread still fills. */
  private static final int REMOVAL_ATTEMPTS = 20;

  /**
   * Directories of this process. Opening and closing their lock file here would release the lock:
   * fcntl(2) locks belong to the process, not to the descriptor.
   */
  private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

  /** Removes a directory with all that is in it. */
  public interface Removal {
    /** Removes a tree; {@link NoSuchFileException} where something else was faster. */
    void remove(Path tree) throws IOException;
  }

  private final Path path;
  private final Removal removal;
  private final FileChannel owner;

  private OwnedDirectory(Path path, Removal removal, FileChannel owner) {
    this.path = path;
    this.removal = removal;
    this.owner = owner;
  }

  /**
   * Removes the directories of dead owners from a parent directory, and creates a directory there.
   *
   * @param removal of this one and of those
   * @param attributes of the new directory
   * @throws IOException if none can be made
   */
  public static OwnedDirectory make(Path parent, Removal removal, FileAttribute<?>... attributes)
      throws IOException {
    removeAbandoned(parent, removal);
    Path path = Files.createTempDirectory(parent, PREFIX, attributes).toRealPath();
    OWN.add(path);
    FileChannel owner = null;
    try {
      Path claim = Files.createFile(path.resolve(OWNER + "-new"));
      // Open for reading alone: a file open for writing would keep its mount from becoming
      // read-only, which is one of the things that programs try.
      owner = FileChannel.open(claim, StandardOpenOption.READ);
      if (owner.tryLock(0, Long.MAX_VALUE, true) == null) {
        throw new IOException(claim + " is locked by another process");
      }
      // Locked before it has the name that others look at.
      Files.move(claim, path.resolve(OWNER), StandardCopyOption.ATOMIC_MOVE);
      return new OwnedDirectory(path, removal, owner);
    } catch (IOException e) {
      if (owner != null) {
        owner.close();
      }
      OWN.remove(path);
      removeTree(path);
      throw e;
    }
  }

  private static void removeAbandoned(Path parent, Removal removal) throws IOException {
    try (DirectoryStream<Path> candidates = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path candidate : candidates) {
        if (Files.isDirectory(candidate, LinkOption.NOFOLLOW_LINKS)
            && !OWN.contains(candidate.toRealPath())
            && isAbandoned(candidate.resolve(OWNER))) {
          removal.remove(candidate);
        }
      }
    } catch (NoSuchFileException e) {
      // Another process swept at the same time.
    }
  }

  private static boolean isAbandoned(Path owner) {
    try (FileChannel channel =
        FileChannel.open(owner, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (IOException | OverlappingFileLockException e) {
      // Not ours to judge: no owner file, another user's, or in use.
      return false;
    }
  }

  /** Returns the directory, symbolic links resolved. */
  public Path path() {
    return path;
  }

  /**
   * Removes the directory. Does nothing if it is gone.
   *
   * @throws IOException naming a file that cannot be removed
   */
  @Override
  public synchronized void close() throws IOException {
    for (int attempt = 1; Files.exists(path, LinkOption.NOFOLLOW_LINKS); attempt++) {
      try {
        removal.remove(path);
      } catch (NoSuchFileException e) {
        // Another thread removed a part of it; the next pass removes the rest.
      } catch (IOException e) {
        if (attempt >= REMOVAL_ATTEMPTS) {
          throw e;
        }
      }
      if (attempt > REMOVAL_ATTEMPTS) {
        throw new IOException(path + " is filled again faster than it is removed");
      }
    }
    owner.close();
    OWN.remove(path);
  }

  /** Removes a tree of ordinary files. */
  public static void removeTree(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
