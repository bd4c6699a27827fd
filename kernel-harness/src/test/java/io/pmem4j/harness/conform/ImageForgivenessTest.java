// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.Mke2fs;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes one byte of each block in turn: only changes in free blocks count as equal. */
class ImageForgivenessTest {
  @TempDir Path directory;

  @Test
  void whatAnImageForgivesIsAFreeBlock() throws Exception {
    Required.programs("mke2fs");
    FsImage image = Mke2fs.make(directory.resolve("image"));
    ImageContent content = ImageContent.of(image);
    BitSet used = used(content);
    assertThat(used.get(0, 6_000).cardinality()).isBetween(100, 5_000);
    for (int block = 0; block < 6_000; block += block < 16 ? 1 : 97) {
      ImageContent changed = flipped(image, block);
      long before = Forgiveness.FREE_BLOCK.applied();
      boolean seen = !ImageComparison.of(content, changed).differences().isEmpty();
      assertThat(seen).as("block %d", block).isEqualTo(used.get(block));
      assertThat(Forgiveness.FREE_BLOCK.applied() > before).isEqualTo(!seen);
    }
  }

  /** Of the first group, from the bitmap that its descriptor names. */
  private static BitSet used(ImageContent content) {
    int bitmap = Integer.reverseBytes(content.get(1).getInt(0));
    byte[] bits = new byte[ImageContent.PAGE_BYTES];
    content.get(bitmap).get(bits);
    return BitSet.valueOf(bits);
  }

  private ImageContent flipped(FsImage image, int block) throws Exception {
    Path copy = directory.resolve("copy");
    if (!Files.exists(copy)) {
      Files.copy(image.path(), copy);
    }
    // A byte of every structure that no reading of the descriptors depends on.
    long at = FsImage.OFFSET_BYTES + (long) block * ImageContent.PAGE_BYTES + 4_092;
    try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw")) {
      file.seek(at);
      int old = file.read();
      file.seek(at);
      file.write(old ^ 1);
      ImageContent changed = ImageContent.of(new FsImage(copy));
      file.seek(at);
      file.write(old);
      return changed;
    }
  }
}
