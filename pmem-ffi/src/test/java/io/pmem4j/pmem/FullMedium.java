// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Creation and stores on a file system with next to no space. It runs in a JVM of its own, which
 * ends with the name space of the mount. Arguments: folder, backend. Prints a line for each
 * attempt.
 */
final class FullMedium {
  private static final long MEBIBYTE = 1 << 20;

  private FullMedium() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Backend backend = Backend.valueOf(arguments[1]);
    tooLarge(folder, backend);
    noInodeLeft(folder, backend);
    roomGoneBehindOurBack(folder, backend);
  }

  private static void tooLarge(Path folder, Backend backend) {
    refused("too large", folder.resolve("large"), MapSpec.createNew(8 * MEBIBYTE).backend(backend));
  }

  private static void refused(String what, Path file, MapSpec spec) {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, spec, arena);
      System.out.println(what + ": mapped " + region.byteSize());
    } catch (FileSystemException refusal) {
      String cause =
          refusal.getCause() instanceof PmemException native_ ? " errno " + native_.errno() : "";
      System.out.println(
          what + ": " + refusal.getReason() + cause + ", left behind: " + Files.exists(file));
    } catch (IOException refusal) {
      System.out.println(
          what + ": " + refusal.getMessage() + ", left behind: " + Files.exists(file));
    }
  }

  /** Mounted with four inodes, of which the root is one. */
  private static void noInodeLeft(Path folder, Backend backend) throws IOException {
    Files.createFile(folder.resolve("one"));
    Files.createFile(folder.resolve("two"));
    Files.createFile(folder.resolve("three"));
    refused("no inode", folder.resolve("none"), MapSpec.createNew(4096).backend(backend));
    Files.delete(folder.resolve("one"));
    Files.delete(folder.resolve("two"));
    Files.delete(folder.resolve("three"));
  }

  /** A sparse file whose holes cannot be filled any more. */
  private static void roomGoneBehindOurBack(Path folder, Backend backend) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MapSpec sparse = MapSpec.createNew(MEBIBYTE).sparse().backend(backend);
      PmemRegion region = Pmem.map(folder.resolve("sparse"), sparse, arena);
      region.putLong(0, 42);
      region.persist(0, 8);
      Path filler = folder.resolve("filler");
      byte[] page = new byte[4096];
      try (var out = Files.newOutputStream(filler)) {
        while (true) {
          out.write(page);
        }
      } catch (IOException full) {
        System.out.println("filled: " + full.getMessage());
      }
      for (long offset : new long[] {MEBIBYTE / 2, MEBIBYTE - 8192}) {
        try {
          System.out.println("load: " + region.getLong(offset));
        } catch (PmemMediaException noMemory) {
          System.out.println("load: no memory at " + noMemory.offset());
        }
        try {
          region.putLong(offset, 1);
          System.out.println("store: done");
        } catch (PmemMediaException noMemory) {
          System.out.println("store: no memory at " + noMemory.offset());
        }
      }
      region.persist(0, 8);
      System.out.println("still there: " + region.getLong(0));
      Files.delete(filler);
      region.putLong(MEBIBYTE - 8192, 43);
      region.persist(MEBIBYTE - 8192, 8);
      System.out.println("with room again: " + region.getLong(MEBIBYTE - 8192));
    }
  }
}
