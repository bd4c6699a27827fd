// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * e2fsck over images that are kept in memory: the files that they were read from belong to the next
 * program already. One image at a time.
 */
public final class ImageJudge {
  private final Path file;

  ImageJudge(Path directory) {
    this.file = directory.resolve("judged.img");
  }

  /**
   * {@code e2fsck -fn}: forced, changing nothing.
   *
   * @return what it complains about, or empty if it is content
   */
  public synchronized String check(ImageContent content) throws IOException {
    FsImage image = Files.exists(file) ? new FsImage(file) : ImageMaker.allocate(file);
    content.writeTo(image);
    return ImageMaker.check(image);
  }
}
