// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.Mke2fs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The comparison finds each kind of difference that it must find, and forgives only free blocks.
 */
class ImageComparisonTest {
  /** The byte offset of the inode table that mke2fs chose, read from the group descriptor. */
  private long inodeTable;

  private FsImage left;
  private FsImage right;

  @BeforeEach
  void twoEqualImages(@TempDir Path folder) throws IOException {
    Required.programs("mke2fs");
    left = Mke2fs.make(folder.resolve("left.img"));
    right = new FsImage(Files.copy(left.path(), folder.resolve("right.img")));
    inodeTable = wordOfDescriptor(8);
  }

  private static List<String> differences(FsImage left, FsImage right) throws IOException {
    return ImageComparison.of(ImageContent.of(left), ImageContent.of(right)).differences();
  }

  private long wordOfDescriptor(int offset) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(left.path().toFile(), "r")) {
      file.seek(FsImage.OFFSET_BYTES + 4096 + offset);
      return Integer.toUnsignedLong(Integer.reverseBytes(file.readInt()));
    }
  }

  @Test
  void equalImagesDoNotDiffer() throws IOException {
    assertThat(differences(left, right)).isEmpty();
  }

  @Test
  void twoImagesOfMke2fsAreTheSameBytes(@TempDir Path folder) throws IOException {
    FsImage again = Mke2fs.make(folder.resolve("again.img"));
    assertThat(Files.mismatch(left.path(), again.path())).isEqualTo(-1);
  }

  @Test
  void oneBitInAUsedBlockIsSeen() throws IOException {
    flip(1024 + 0x30);
    assertThat(differences(left, right))
        .singleElement()
        .asString()
        .startsWith("superblock + 0x30:");
  }

  @Test
  void aFreeBlockIsNotCompared() throws IOException {
    flip(15_000L * 4096 + 17);
    assertThat(differences(left, right)).isEmpty();
  }

  @Test
  void theLastUsedByteIsCompared() throws IOException {
    flip((inodeTable + 1) * 4096 - 1);
    assertThat(differences(left, right)).hasSize(1);
  }

  @Test
  void aGenerationIsComparedLikeEverythingElse() throws IOException {
    write(inodeTable * 4096 + 12 * 256L + 100, 1000);
    assertThat(differences(left, right)).singleElement().asString().contains("inode 13 + 100");
  }

  @Test
  void aBlockThatOnlyOneImageUsesIsCompared() throws IOException {
    long bitmap = wordOfDescriptor(0);
    flip(bitmap * 4096 + 15_000 / 8);
    flip(15_000L * 4096 + 17);
    assertThat(differences(left, right)).hasSize(2);
  }

  @Test
  void wreckedMetadataIsAFindingNotACrash() throws IOException {
    write(4096, 0x7fffff);
    assertThat(differences(right, left)).isNotEmpty().last().asString().contains("wrecked");
    assertThat(differences(left, right)).isNotEmpty();
    write(1024 + 32, 0);
    assertThat(differences(right, left)).isNotEmpty();
  }

  @Test
  void manyDifferencesAreCutShort() throws IOException {
    for (int word = 0; word < 100; word++) {
      flip(4096 + 4L * word);
    }
    assertThat(differences(left, right)).hasSize(21).endsWith("... and more");
  }

  private void write(long offset, int value) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(right.path().toFile(), "rw")) {
      file.seek(FsImage.OFFSET_BYTES + offset);
      file.writeInt(Integer.reverseBytes(value));
    }
  }

  private void flip(long offset) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(right.path().toFile(), "rw")) {
      file.seek(FsImage.OFFSET_BYTES + offset);
      int old = file.read();
      file.seek(FsImage.OFFSET_BYTES + offset);
      file.write(old ^ 1);
    }
  }
}
