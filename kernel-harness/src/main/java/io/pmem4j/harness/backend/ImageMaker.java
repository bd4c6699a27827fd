// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** mke2fs and e2fsck: who makes the images, and who judges them. */
public final class ImageMaker {
  private static final String UUID = "70346a20-2015-4009-8a2d-646178736572";

  private ImageMaker() {}

  /**
   * Makes the image that every program starts from: the same bytes each time.
   *
   * @throws IOException if mke2fs is missing or fails
   */
  public static FsImage make(Path file) throws IOException {
    allocate(file);
    Tool.Result result =
        Tool.run(
            Map.of("E2FSPROGS_FAKE_TIME", String.valueOf(Backend.CLOCK_BASE_SECONDS - 128)),
            List.of(
                "mke2fs",
                "-q",
                "-F",
                "-t",
                "ext2",
                "-b",
                "4096",
                "-O",
                "^resize_inode",
                "-U",
                UUID,
                "-E",
                "offset=" + FsImage.OFFSET_BYTES + ",hash_seed=" + UUID,
                file.toString(),
                FsImage.FS_BYTES / 1024 + "k"));
    if (result.exit() != 0) {
      throw new IOException("mke2fs failed: " + result.output().strip());
    }
    return new FsImage(file);
  }

  /** Makes an empty file of an NVDIMM's size. */
  static FsImage allocate(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(FsImage.FILE_BYTES);
    }
    return new FsImage(file);
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
