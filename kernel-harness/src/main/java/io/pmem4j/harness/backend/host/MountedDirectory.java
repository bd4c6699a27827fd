// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.program.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A directory of the running kernel, and its mount as {@code /proc/self/mountinfo} shows it
 * (proc(5)).
 *
 * @param directory its real path
 * @param mountPoint the root of the mount
 * @param fsType as mount(8) takes it
 * @param source the device, or what stands for it
 * @param options of the mount and of the file system
 * @param dax whether files here are mapped without a page cache: by the options, until a file has
 *     been asked
 */
record MountedDirectory(
    Path directory,
    Path mountPoint,
    String fsType,
    String source,
    Set<String> options,
    boolean dax) {
  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

  MountedDirectory {
    options = Set.copyOf(options);
  }

  /**
   * Looks a directory up.
   *
   * @throws IllegalArgumentException if there is none
   */
  static MountedDirectory of(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IllegalArgumentException(
          "host:"
              + directory
              + (Files.exists(directory) ? " is not a directory" : " does not exist")
              + "; name a directory of a mounted file system");
    }
    Path real = directory.toRealPath();
    return find(real, Files.readAllLines(MOUNTS, StandardCharsets.UTF_8));
  }

  /**
   * Of the mounts above it the lowest; of several on one point the last, which hides the others.
   */
  static MountedDirectory find(Path real, List<String> mountinfo) throws IOException {
    MountedDirectory best = null;
    for (String line : mountinfo) {
      MountedDirectory place = parse(real, line);
      if (real.startsWith(place.mountPoint)
          && (best == null || place.mountPoint.getNameCount() >= best.mountPoint.getNameCount())) {
        best = place;
      }
    }
    if (best == null) {
      throw new IOException(real + " lies on no mount");
    }
    return best;
  }

  /** {@code 36 35 98:0 /root /point options [optional]... - type source options}. */
  private static MountedDirectory parse(Path directory, String line) {
    List<String> fields = List.of(line.split(" "));
    int dash = fields.indexOf("-");
    List<String> options = new ArrayList<>(List.of(fields.get(5).split(",")));
    options.addAll(List.of(fields.get(dash + 3).split(",")));
    boolean dax = options.contains("dax") || options.contains("dax=always");
    return new MountedDirectory(
        directory,
        Path.of(unescape(fields.get(4))),
        fields.get(dash + 1),
        unescape(fields.get(dash + 2)),
        Set.copyOf(options),
        dax);
  }

  /** Blanks and the like are written in octal. */
  static String unescape(String text) {
    return text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  /**
   * Returns the directory with the kernel's answer about a file in it, unless there is no answer.
   */
  MountedDirectory with(DaxState state) {
    return state == DaxState.UNKNOWN
        ? this
        : new MountedDirectory(
            directory, mountPoint, fsType, source, options, state == DaxState.DAX);
  }

  /** The widest kind of program whose expectations hold here. */
  Scope scope() {
    if (!dax) {
      return Scope.POSIX;
    }
    return fsType.equals("ext2") ? Scope.EXT2 : Scope.DAX;
  }

  /** In a report: {@code ext4 on /dev/pmem0 (dax) at /mnt}. */
  @Override
  public String toString() {
    return fsType + " on " + source + (dax ? " (dax)" : "") + " at " + mountPoint;
  }
}
