// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The mount of a path: a line of {@code /proc/self/mountinfo} (proc(5)).
 *
 * @param point the folder it is mounted on
 * @param type the file system's name, such as {@code ext4}
 * @param source the device, or a word
 * @param device major and minor number of the device, {@code 259:1}
 * @param options those of the mount and those of the file system
 */
public record MountPoint(
    Path point, String type, String source, String device, List<String> options) {
  /** Copies the list. */
  public MountPoint {
    options = List.copyOf(options);
  }

  /** Returns the mount that a path, which exists, lies on. */
  public static MountPoint of(Path path) throws IOException {
    return in(Files.readAllLines(Path.of("/proc/self/mountinfo")), path.toRealPath());
  }

  /**
   * Returns the mount of a path among these lines; of several on one folder the last one is
   * visible.
   */
  public static MountPoint in(List<String> lines, Path path) throws IOException {
    return lines.stream()
        .map(MountPoint::parse)
        .filter(mount -> path.startsWith(mount.point))
        .reduce((best, next) -> next.depth() >= best.depth() ? next : best)
        .orElseThrow(
            () -> new IOException("no mount point of " + path + " in /proc/self/mountinfo"));
  }

  private int depth() {
    return point.getNameCount();
  }

  private static MountPoint parse(String line) {
    String[] halves = line.split(" - ", 2);
    String[] mount = halves[0].split(" ", -1);
    String[] system = halves[1].split(" ", -1);
    return new MountPoint(
        Path.of(unescaped(mount[4])),
        system[0],
        unescaped(system[1]),
        mount[2],
        Stream.of(mount[5], system.length > 2 ? system[2] : "")
            .flatMap(options -> Arrays.stream(options.split(",", -1)))
            .filter(option -> !option.isEmpty())
            .distinct()
            .toList());
  }

  /** Blanks and the like are written as three octal digits. */
  private static String unescaped(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\' && i + 3 < text.length()) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(text.charAt(i));
      }
    }
    return plain.toString();
  }

  /** Returns whether the file system was mounted with DAX for all files. */
  public boolean askedForDax() {
    return options.contains("dax") || options.contains("dax=always");
  }

  /** Returns whether the block device can do DAX; false if there is no block device. */
  public boolean deviceCanDax() {
    Path queue = Path.of("/sys/dev/block", device);
    // A partition has its queue one level up.
    return saysOne(queue.resolve("queue/dax")) || saysOne(queue.resolve("../queue/dax"));
  }

  private static boolean saysOne(Path attribute) {
    try {
      return Files.readString(attribute).strip().equals("1");
    } catch (IOException notThere) {
      return false;
    }
  }
}
