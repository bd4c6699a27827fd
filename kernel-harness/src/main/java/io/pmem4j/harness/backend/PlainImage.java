// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Small ext2 images without the information block of an NVDIMM, for runs by the thousand. */
public final class PlainImage {
  private static final int BLOCK_BYTES = 4096;

  private PlainImage() {}

  /**
   * Makes a file system: the same bytes each time.
   *
   * @param file where; replaced
   * @param blocks how many blocks of 4096 bytes
   */
  public static void make(Path file, int blocks) throws IOException {
    Files.deleteIfExists(file);
    Tool.Result result =
        Tool.run(
            Map.of("E2FSPROGS_FAKE_TIME", String.valueOf(Backend.CLOCK_BASE_SECONDS)),
            List.of(
                "mke2fs",
                "-q",
                "-F",
                "-t",
                "ext2",
                "-b",
                String.valueOf(BLOCK_BYTES),
                "-N",
                "32",
                "-m",
                "0",
                "-O",
                "^resize_inode",
                "-U",
                "70346a20-2015-4009-8a2d-646178736572",
                "-E",
                "hash_seed=70346a20-2015-4009-8a2d-646178736572",
                file.toString(),
                String.valueOf(blocks)));
    if (result.exit() != 0) {
      throw new IOException("mke2fs failed: " + result.output().strip());
    }
  }

  /**
   * {@code e2fsck -fn}.
   *
   * @return what it complains about, or empty
   */
  public static String check(Path file) throws IOException {
    Tool.Result result = Tool.run(Map.of(), List.of("e2fsck", "-fn", file.toString()));
    return result.exit() == 0 ? "" : result.output().strip();
  }
}
