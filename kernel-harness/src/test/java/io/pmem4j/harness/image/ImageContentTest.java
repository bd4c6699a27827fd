// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.ImageShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Restoring an image writes exactly the pages that differ. */
class ImageContentTest {
  @TempDir private Path folder;
  private FsImage image;
  private ImageContent templates;

  @BeforeEach
  void make() throws IOException {
    Required.programs("mke2fs");
    image = Mke2fs.make(folder.resolve("image"));
    templates = ImageContent.of(image);
  }

  private void write(long offset, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(image.path(), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(bytes), offset);
    }
  }

  @Test
  void anUntouchedImageIsNotWritten() throws IOException {
    assertThat(templates.writeTo(image)).isZero();
    assertThat(templates.writeTo(Mke2fs.allocate(folder.resolve("empty")))).isGreaterThan(3);
  }

  @Test
  void whateverWasDoneToAnImageIsUndone() throws IOException {
    Path before = Files.copy(image.path(), folder.resolve("before"));
    Random random = new Random(7);
    for (int i = 0; i < 50; i++) {
      byte[] bytes = new byte[1 + random.nextInt(9000)];
      random.nextBytes(bytes);
      write(FsImage.OFFSET_BYTES + random.nextInt((int) FsImage.FS_BYTES - 9000), bytes);
    }
    // Metadata lost: in the file it is zeros, here it is not.
    write(FsImage.OFFSET_BYTES, new byte[8 * ImageContent.PAGE_BYTES]);
    assertThat(templates.writeTo(image)).isBetween(50, 250);
    assertThat(Files.mismatch(before, image.path())).isEqualTo(-1);
  }

  @Test
  void theInfoBlockIsTheKernels() throws IOException {
    write(4096, new byte[] {1, 2, 3});
    write(FsImage.OFFSET_BYTES - 1, new byte[] {9});
    assertThat(templates.writeTo(image)).isZero();
    try (FileChannel file = FileChannel.open(image.path())) {
      ByteBuffer read = ByteBuffer.allocate(3);
      file.read(read, 4096);
      assertThat(read.array()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aContentStaysWhatItWas() throws IOException {
    write(FsImage.OFFSET_BYTES + 10L * ImageContent.PAGE_BYTES + 5, new byte[] {7});
    ImageContent changed = ImageContent.of(image);
    templates.writeTo(image);
    assertThat(changed.get(10).get(5)).isEqualTo((byte) 7);
    assertThat(templates.get(10).get(5)).isZero();
    assertThat(changed.differences(templates)).containsExactly(10);
    assertThat(templates.differences(changed)).containsExactly(10);
    assertThat(templates.differences(ImageContent.of(image))).isEmpty();
  }

  @Test
  void aFileOfDataIsReadLikeOneOfHoles() throws IOException {
    FsImage full = Mke2fs.allocate(folder.resolve("full"));
    try (FileChannel file = FileChannel.open(full.path(), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate((int) FsImage.FILE_BYTES), 0);
    }
    assertThat(SparseRanges.of(full.path())).hasSize(1);
    templates.writeTo(full);
    assertThat(templates.differences(ImageContent.of(full))).isEmpty();
    assertThat(Files.mismatch(image.path(), full.path())).isEqualTo(-1);
  }

  @Test
  void theRangesOfAFileAreItsData() throws IOException {
    Path file = Files.createFile(folder.resolve("sparse"));
    assertThat(SparseRanges.of(file)).isEmpty();
    try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
      open.write(ByteBuffer.allocate(10), 1 << 20);
      open.write(ByteBuffer.allocate(10), 9 << 20);
    }
    assertThat(SparseRanges.of(file))
        .anySatisfy(
            range -> assertThat(range.offset() <= 1 << 20 && range.end() > 1 << 20).isTrue())
        .last()
        .satisfies(range -> assertThat(range.end()).isEqualTo((9 << 20) + 10));
  }

  @Test
  void imagesOfEveryShapeAreFileSystems() throws IOException {
    ImageTemplates images = new ImageTemplates(folder);
    for (ImageShape shape :
        new ImageShape[] {
          new ImageShape(8 << 20, 4096, 0),
          new ImageShape(8 << 20, 4096, 256),
          new ImageShape(10 << 20, 1024, 512),
          new ImageShape(64 << 20, 2048, 8192)
        }) {
      images.of(shape).writeTo(image);
      assertThat(E2fsck.check(image)).as(shape.toString()).isEmpty();
      ByteBuffer superblock = images.of(shape).get(0).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      assertThat(superblock.getInt(1024 + 4))
          .isEqualTo((int) (shape.fsBytes() / shape.blockBytes()));
      assertThat(superblock.getInt(1024 + 32))
          .isEqualTo(shape.blocksPerGroup() == 0 ? 32768 : shape.blocksPerGroup());
    }
    assertThat(folder.resolve("template.img")).doesNotExist();
  }
}
