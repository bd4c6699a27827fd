// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.harness.device.DeviceNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The exclusive lock of a server or tool on an image, as a reader sees it without taking one. */
final class ImageLocks {
  private static final int KIND = 1;
  private static final int ACCESS = 3;
  private static final int FILE = 5;

  private ImageLocks() {}

  /** Returns true if a process holds an exclusive flock(2) on a file. */
  static boolean isHeld(Path file) {
    try {
      long device = ((Number) Files.getAttribute(file, "unix:dev")).longValue();
      long inode = ((Number) Files.getAttribute(file, "unix:ino")).longValue();
      String wanted =
          "%02x:%02x:%d".formatted(DeviceNumber.major(device), DeviceNumber.minor(device), inode);
      return Files.readAllLines(Path.of("/proc/locks")).stream()
          .map(line -> List.of(line.trim().split("\\s+")))
          .anyMatch(words ->
              words.size() > FILE
                  && words.get(KIND).equals("FLOCK")
                  && words.get(ACCESS).equals("WRITE")
                  && words.get(FILE).equals(wanted));
    } catch (IOException _) {
      // A file that is not there is refused by its name later; /proc may be missing in a container.
      return false;
    }
  }
}
