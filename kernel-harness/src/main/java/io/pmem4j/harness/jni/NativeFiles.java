// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import io.pmem4j.harness.image.WorkDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The compiled C code, which travels with the classes. */
final class NativeFiles {
  private static final String FOLDER = "/native/linux-x86_64/";
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_MAY_EXECUTE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private NativeFiles() {}

  /** Loads the library once for this JVM. */
  static final class Loaded {
    static {
      load();
    }

    @SuppressWarnings("restricted") // native access is what this package is for
    private static void load() {
      // A mapping keeps the content when the file goes.
      try (WorkDirectory directory = new WorkDirectory(WorkDirectory.TEMPORARY)) {
        System.load(extract("libpmem4j_jni.so", directory.path()).toString());
      } catch (IOException e) {
        throw new UnsatisfiedLinkError(e.getMessage());
      }
    }

    private Loaded() {}

    /** Does nothing but load this class. */
    static void ensure() {}
  }

  /**
   * Copies a file into a directory of the system, to be loaded or started.
   *
   * @throws IOException also when it was not built: that needs make and a C compiler
   */
  static Path extract(String name, Path directory) throws IOException {
    try (InputStream in = NativeFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IOException(
            name + " was not built for this machine (x86-64 Linux, make and a C compiler)");
      }
      Path file = Files.createFile(directory.resolve(name), OWNER_MAY_EXECUTE);
      Files.write(file, in.readAllBytes());
      return file;
    }
  }
}
