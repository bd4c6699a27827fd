// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import io.pmem4j.harness.program.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The file systems that programs start from: one a shape, made when first asked for. */
public final class ImageTemplates {
  private final Path directory;
  private final Finish finish;
  private final Map<ImageShape, ImageContent> made = new HashMap<>();

  /** Changes a new file system before it is read. */
  @FunctionalInterface
  public interface Finish {
    /** Changes the image, which is not mounted. */
    void apply(FsImage image, ImageShape shape) throws IOException;
  }

  /** Images that are made in a directory; nothing is left there. */
  public ImageTemplates(Path directory) {
    this(directory, (image, shape) -> {});
  }

  /** Images that are made in a directory, and changed at the end. */
  public ImageTemplates(Path directory, Finish finish) {
    this.directory = directory;
    this.finish = finish;
  }

  /** The empty file system of a shape. */
  public synchronized ImageContent of(ImageShape shape) throws IOException {
    ImageContent known = made.get(shape);
    if (known == null) {
      Path file = directory.resolve("template.img");
      try {
        FsImage image = Mke2fs.make(file, shape);
        finish.apply(image, shape);
        known = ImageContent.of(image);
        made.put(shape, known);
      } finally {
        Files.deleteIfExists(file);
      }
    }
    return known;
  }
}
