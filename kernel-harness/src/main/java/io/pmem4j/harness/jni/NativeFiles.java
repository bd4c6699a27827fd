// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The compiled C code, which travels with the classes. */
final class NativeFiles {
  private static final String FOLDER = "/native/linux-x86_64/";

  private NativeFiles() {}

  /** Loads the library once for this JVM. */
  static final class Loaded {
    static {
      load();
    }

    @SuppressWarnings("restricted") // native access is what this package is for
    private static void load() {
      Path library = null;
      try {
        library = extract("libpmem4j_jni.so");
        System.load(library.toString());
      } catch (IOException e) {
        throw new UnsatisfiedLinkError(e.getMessage());
      } finally {
        delete(library);
      }
    }

    private Loaded() {}

    /** Does nothing but load this class. */
    static void ensure() {}
  }

  /**
   * Copies a file out to where the system can load or start it; the caller deletes it.
   *
   * @throws IOException also when it was not built: that needs make and a C compiler
   */
  static Path extract(String name) throws IOException {
    try (InputStream in = NativeFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IOException(
            name + " was not built for this machine (x86-64 Linux, make and a C compiler)");
      }
      Path file =
          Files.createTempFile(
              "pmem4j-",
              "-" + name,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.write(file, in.readAllBytes());
      return file;
    }
  }

  /** Deletes an extracted file; a running program or a mapping keeps its content. */
  static void delete(@Nullable Path file) {
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        file.toFile().deleteOnExit();
      }
    }
  }
}
