// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.ImageShape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** mke2fs and e2fsck: who makes the images, and who judges them. */
public final class ImageMaker {
  private static final String UUID = "70346a20-2015-4009-8a2d-646178736572";

  private static final Map<String, String> TIME =
      Map.of("E2FSPROGS_FAKE_TIME", String.valueOf(Backend.CLOCK_BASE_SECONDS - 128));

  /** FSCK_NONDESTRUCT and FSCK_REBOOT, see e2fsck(8). */
  private static final int E2FSCK_REPAIRED = 3;

  private ImageMaker() {}

  /** An image of the default shape. */
  public static FsImage make(Path file) throws IOException {
    return make(file, ImageShape.DEFAULT);
  }

  /**
   * Makes the image that programs of a shape start from: the same bytes each time.
   *
   * @throws IOException if mke2fs is missing or fails
   */
  public static FsImage make(Path file, ImageShape shape) throws IOException {
    allocate(file);
    List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext2"));
    command.addAll(List.of("-b", String.valueOf(shape.blockBytes()), "-O", "^resize_inode"));
    if (shape.blocksPerGroup() != 0) {
      command.addAll(List.of("-g", String.valueOf(shape.blocksPerGroup())));
    }
    if (shape.inodes() != 0) {
      command.addAll(List.of("-N", String.valueOf(shape.inodes())));
    }
    command.addAll(
        List.of(
            "-U",
            UUID,
            "-E",
            "offset=" + FsImage.OFFSET_BYTES + ",hash_seed=" + UUID,
            file.toString(),
            shape.fsBytes() / 1024 + "k"));
    Tool.Result result = Tool.run(TIME, command);
    if (result.exit() != 0) {
      throw new IOException("mke2fs failed: " + result.output().strip());
    }
    FsImage image = new FsImage(file);
    ImageEditor.apply(image, shape.setup(), TIME);
    return image;
  }

  /** Makes an empty file of an NVDIMM's size. */
  static FsImage allocate(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(FsImage.FILE_BYTES);
    }
    return new FsImage(file);
  }

  /**
   * {@code e2fsck -fy}: what a machine does after a power cut, before it mounts.
   *
   * @return what it could not repair, or empty
   */
  static String repair(FsImage image) throws IOException {
    Tool.Result result = Tool.run(TIME, List.of("e2fsck", "-fy", image.forE2fsprogs()));
    return (result.exit() & ~E2FSCK_REPAIRED) == 0
        ? ""
        : "e2fsck -fy exit " + result.exit() + ": " + result.output().strip();
  }

  /**
   * {@code e2fsck -fn}: forced, changing nothing.
   *
   * @return what it complains about, or empty if it is content
   */
  public static String check(FsImage image) throws IOException {
    Tool.Result result = Tool.run(Map.of(), List.of("e2fsck", "-fn", image.forE2fsprogs()));
    return result.exit() == 0
        ? ""
        : "e2fsck exit " + result.exit() + ": " + result.output().strip();
  }
}
