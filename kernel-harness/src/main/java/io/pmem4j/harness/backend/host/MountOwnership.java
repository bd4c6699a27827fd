// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The check that a mount may be frozen, filled or unmounted: nothing else may depend on it. A
 * freeze of a file system with this process's own files would block this process, and no process
 * would be left to thaw it.
 */
final class MountOwnership {
  private MountOwnership() {}

  /**
   * Checks a directory that the user has given away with --exclusive.
   *
   * @throws IllegalArgumentException naming what stands against it
   */
  static void require(MountedDirectory place) throws IOException {
    require(place, needed());
  }

  static void require(MountedDirectory place, Map<String, Path> needed) {
    if (!place.directory().equals(place.mountPoint())) {
      throw new IllegalArgumentException(
          "--exclusive needs the root of a mount; "
              + place.directory()
              + " lies on "
              + place.mountPoint());
    }
    if (place.mountPoint().equals(Path.of("/"))) {
      throw new IllegalArgumentException("--exclusive cannot be had for /");
    }
    needed.forEach((what, path) -> {
      if (path.startsWith(place.mountPoint())) {
        throw new IllegalArgumentException(
            "--exclusive: " + place.mountPoint() + " holds " + what + ", " + path);
      }
    });
  }

  /** Returns the paths that this process, or the system around it, may write to at any time. */
  private static Map<String, Path> needed() throws IOException {
    Map<String, Path> needed = new LinkedHashMap<>();
    put(needed, "the current directory", System.getProperty("user.dir"));
    put(needed, "the home directory", System.getProperty("user.home"));
    put(needed, "the directory of temporary files", System.getProperty("java.io.tmpdir"));
    put(needed, "the Java runtime", System.getProperty("java.home"));
    put(needed, "logs", "/var/log");
    String classPath = System.getProperty("java.class.path", "");
    for (String entry : List.of(classPath.split(File.pathSeparator, -1))) {
      put(needed, "a part of this program", entry);
    }
    return needed;
  }

  private static void put(Map<String, Path> needed, String what, String path) throws IOException {
    if (!path.isEmpty() && Files.exists(Path.of(path))) {
      Path real = Path.of(path).toRealPath();
      needed.put(needed.containsKey(what) ? what + " (" + real + ")" : what, real);
    }
  }
}
