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

  /**
   * The time that e2fsck stores into what it deletes is 2038-01-01: in any time before a mount,
   * that mount is a complaint. That of the superblock's last write is the library's.
   */
  private static final Map<String, String> CLOCK =
      Map.of("E2FSCK_TIME", "2145916800", "E2FSPROGS_FAKE_TIME", Mke2fs.LIBRARY_TIME);

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
    Subprocess.Result result = Subprocess.run(CLOCK, List.of("e2fsck", "-fn", target));
    return result.exit() == 0
        ? ""
        : "e2fsck exit " + result.exit() + ": " + result.output().strip();
  }

  /**
   * The outcome of a repair.
   *
   * @param output what the first run printed; empty if it changed nothing
   * @param left the errors that could not be repaired; empty if there are none
   */
  public record Repair(String output, String left) {}

  /**
   * Runs {@code e2fsck -fy}, as a machine does after a power cut before it mounts, and once more if
   * errors are left: a name that leads to a directory whose block was never written takes it two
   * runs.
   */
  public static Repair repair(FsImage image) throws IOException {
    return repair(image.forE2fsprogs());
  }

  /** Runs {@code e2fsck -fy} on a file system that fills its file, and once more if needed. */
  public static Repair repair(Path file) throws IOException {
    return repair(file.toString());
  }

  private static Repair repair(String target) throws IOException {
    Subprocess.Result first = fix(target);
    if (first.exit() == 0) {
      return new Repair("", "");
    }
    Subprocess.Result last = isRepaired(first) ? first : fix(target);
    String left = "e2fsck -fy exit " + last.exit() + ": " + last.output().strip();
    return new Repair(first.output(), isRepaired(last) ? "" : left);
  }

  private static Subprocess.Result fix(String target) throws IOException {
    return Subprocess.run(CLOCK, List.of("e2fsck", "-fy", target));
  }

  private static boolean isRepaired(Subprocess.Result result) {
    return (result.exit() & ~REPAIRED) == 0;
  }
}
