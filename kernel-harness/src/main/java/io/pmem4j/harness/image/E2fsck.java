// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The judge of file systems: e2fsck over image files, and over images in memory, which it writes to
 * a file of its own first.
 */
public final class E2fsck {
  /** FSCK_NONDESTRUCT and FSCK_REBOOT, see e2fsck(8). */
  private static final int REPAIRED = 3;

  private final Path scratch;

  /**
   * Creates a judge of images in memory.
   *
   * @param directory the directory of its scratch file
   */
  public E2fsck(Path directory) {
    this.scratch = directory.resolve("judged.img");
  }

  /**
   * Runs {@code e2fsck -fn} on an image in memory, one image at a time.
   *
   * @return the complaints; empty if there are none
   */
  public synchronized String checkContent(ImageContent content) throws IOException {
    FsImage image = Files.exists(scratch) ? new FsImage(scratch) : Mke2fs.allocate(scratch);
    content.writeTo(image);
    return check(image);
  }

  /**
   * Runs {@code e2fsck -fn}: a forced check that changes nothing.
   *
   * @return the complaints; empty if there are none
   */
  public static String check(FsImage image) throws IOException {
    return check(image.forE2fsprogs());
  }

  /**
   * Runs {@code e2fsck -fn} on a file system that fills its file.
   *
   * @return the complaints; empty if there are none
   */
  public static String check(Path file) throws IOException {
    return check(file.toString());
  }

  private static String check(String target) throws IOException {
    Subprocess.Result result = Subprocess.run(Map.of(), List.of("e2fsck", "-fn", target));
    return result.exit() == 0
        ? ""
        : "e2fsck exit " + result.exit() + ": " + result.output().strip();
  }

  /**
   * Runs {@code e2fsck -fy}, as a machine does after a power cut before it mounts.
   *
   * @return the errors that it could not repair; empty if there are none
   */
  public static String repair(FsImage image) throws IOException {
    return repair(image.forE2fsprogs());
  }

  /**
   * Runs {@code e2fsck -fy} on a file system that fills its file.
   *
   * @return the errors that it could not repair; empty if there are none
   */
  public static String repair(Path file) throws IOException {
    return repair(file.toString());
  }

  private static String repair(String target) throws IOException {
    Subprocess.Result result = Subprocess.run(Mke2fs.FIXED_TIME, List.of("e2fsck", "-fy", target));
    return (result.exit() & ~REPAIRED) == 0
        ? ""
        : "e2fsck -fy exit " + result.exit() + ": " + result.output().strip();
  }
}
