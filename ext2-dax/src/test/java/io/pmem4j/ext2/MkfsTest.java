// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.ext2.format.Mkfs;
import io.pmem4j.ext2.format.MkfsOptions;
import io.pmem4j.pmem.Granularity;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** New file systems have the bytes that the installed mke2fs gives them. */
class MkfsTest {
  private static final UUID SEED = UUID.fromString("70346a20-2015-4009-8a2d-646178736572");
  private static final UUID OTHER = UUID.fromString("4f1c0b5e-6b0e-4f6c-9b1a-5f3d2c1b0a99");
  private static final int MEBI = 1 << 20;

  @TempDir Path directory;

  @BeforeEach
  void tools() {
    org.junit.jupiter.api.Assumptions.assumeTrue(ImageFixture.toolPath("mke2fs") != null);
  }

  private byte[] mke2fs(long bytes, String... options) throws Exception {
    Path image = directory.resolve("image");
    Files.deleteIfExists(image);
    try (RandomAccessFile made = new RandomAccessFile(image.toFile(), "rw")) {
      made.setLength(bytes);
    }
    List<String> command = new ArrayList<>(List.of("mke2fs", "-q", "-F", "-t", "ext2"));
    command.addAll(List.of("-U", OTHER.toString(), "-E", "hash_seed=" + SEED));
    command.addAll(List.of(options));
    // Without a size mke2fs rounds that of the file down to a page.
    command.addAll(List.of(image.toString(), bytes / 1024 + "k"));
    ImageFixture.run(command);
    return Files.readAllBytes(image);
  }

  private static MkfsOptions options(long bytes) {
    return MkfsOptions.of(bytes, OTHER, SEED, ImageFixture.BASE_SECOND);
  }

  private static byte[] mkfs(MkfsOptions options) throws Exception {
    HeapMemory memory = new HeapMemory(Math.toIntExact(options.bytes()), Granularity.CACHE_LINE);
    Mkfs.make(memory, options, true);
    return memory.segment().toArray(ValueLayout.JAVA_BYTE);
  }

  private static void assertEqual(byte[] made, byte[] expected, Object what) {
    int at = Arrays.mismatch(made, expected);
    assertThat(at)
        .as(
            "%s: first different byte; there %s, expected %s",
            what,
            at < 0 ? "" : Arrays.toString(Arrays.copyOfRange(made, at & ~15, (at & ~15) + 16)),
            at < 0 ? "" : Arrays.toString(Arrays.copyOfRange(expected, at & ~15, (at & ~15) + 16)))
        .isNegative();
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "8", "64", "200", "513"})
  void defaultsBySize(int mebibytes) throws Exception {
    long bytes = (long) mebibytes * MEBI;
    assertEqual(mkfs(options(bytes)), mke2fs(bytes), bytes);
  }

  /** As this project's images are made. */
  @Test
  void withoutResizeInode() throws Exception {
    assertEqual(
        mkfs(options(62 * MEBI).withSizes(4096, 0, 0).withFeatures("^resize_inode")),
        mke2fs(62 * MEBI, "-b", "4096", "-O", "^resize_inode"),
        "62 MiB");
  }

  @ParameterizedTest
  @CsvSource({
    "'^filetype'",
    "'^dir_index,^large_file'",
    "'^resize_inode,^sparse_super'",
    "'^ext_attr'",
    "none"
  })
  void features(String text) throws Exception {
    assertEqual(
        mkfs(options(64 * MEBI).withSizes(2048, 128, 0).withFeatures(text).withLabel("label")),
        mke2fs(64 * MEBI, "-b", "2048", "-I", "128", "-L", "label", "-O", text),
        text);
  }

  /** Sizes that are no multiple of anything, so that a last group is short, or left out. */
  @Test
  void drawnParameters() throws Exception {
    SplittableRandom random = new SplittableRandom(5);
    int[] sizes = {1024, 2048, 4096};
    int compared = 0;
    for (int i = 0; i < 60; i++) {
      int block = sizes[random.nextInt(3)];
      int inode = 128 << random.nextInt(Integer.numberOfTrailingZeros(block) - 6);
      int perGroup = random.nextBoolean() ? 0 : 256 + 8 * random.nextInt(block - 32);
      long bytes = 1024L * (1000 + random.nextInt(50_000));
      long inodes = random.nextInt(3) == 0 ? 11 + random.nextInt(4000) : 0;
      int percent = random.nextInt(51);
      String drawn = random.nextBoolean() ? "^resize_inode" : "sparse_super";
      MkfsOptions options =
          options(bytes)
              .withSizes(block, inode, perGroup)
              .withCounts(inodes, 0, percent)
              .withFeatures(drawn);
      List<String> command = new ArrayList<>(List.of("-b", "" + block, "-I", "" + inode));
      command.addAll(List.of("-m", "" + percent, "-O", drawn));
      if (perGroup != 0) {
        command.addAll(List.of("-g", "" + perGroup));
      }
      if (inodes != 0) {
        command.addAll(List.of("-N", "" + inodes));
      }
      byte[] expected;
      try {
        expected = mke2fs(bytes, command.toArray(String[]::new));
      } catch (AssertionError e) {
        assertThatExceptionOfType(Ext2Exception.class)
            .as("mke2fs refuses %s %s: %s", bytes, command, e.getMessage())
            .isThrownBy(() -> mkfs(options));
        continue;
      }
      byte[] made;
      try {
        made = mkfs(options);
      } catch (Ext2Exception e) {
        // Reserved descriptors of small groups: mke2fs lets them reach into the next group.
        assertThat(e).hasMessageContaining("the structures of a group take");
        assertThat(drawn).isEqualTo("sparse_super");
        assertThat(perGroup).isBetween(1, 2000);
        continue;
      }
      assertEqual(made, expected, bytes + " " + command);
      compared++;
    }
    assertThat(compared).isGreaterThan(30);
  }

  /** Old bytes are no part of the new file system's structures. */
  @Test
  void overAnOldFileSystem() throws Exception {
    MkfsOptions options = options(8 * MEBI).withSizes(4096, 0, 0);
    HeapMemory memory = new HeapMemory(8 * MEBI, Granularity.CACHE_LINE);
    memory.fill(0, 8 * MEBI, (byte) 0x5a);
    Mkfs.make(memory, options, false);
    Path image =
        Files.write(directory.resolve("old"), memory.segment().toArray(ValueLayout.JAVA_BYTE));
    assertThat(ImageFixture.run(List.of("e2fsck", "-fn", image.toString())))
        .doesNotContain("Fix? no");
  }

  @Test
  void theModelMountsIt() throws Exception {
    MkfsOptions options = options(16 * MEBI).withSizes(4096, 0, 0);
    HeapMemory memory = new HeapMemory(16 * MEBI, Granularity.CACHE_LINE);
    Mkfs.make(memory, options, true);
    Ext2FileSystem fs = CrashedImage.mount(memory, "");
    CrashedImage.createFile(fs, "/f", 3 * CrashedImage.P);
    fs.unmount();
    assertThat(fs.errors()).isEmpty();
    Path image =
        Files.write(directory.resolve("used"), memory.segment().toArray(ValueLayout.JAVA_BYTE));
    assertThat(ImageFixture.run(List.of("e2fsck", "-fn", image.toString())))
        .doesNotContain("Fix? no");
  }

  @Test
  void refusesWhatCannotBe() {
    MkfsOptions options = options(8 * MEBI);
    for (MkfsOptions each :
        List.of(
            options.withSizes(512, 0, 0),
            options.withSizes(1024, 2048, 0),
            options.withSizes(1024, 200, 0),
            options.withSizes(1024, 0, 255),
            options.withSizes(1024, 0, 8200),
            options.withCounts(100_000, 0, 5),
            options.withCounts(0, 0, 51),
            options.withFeatures("^sparse_super"),
            options(10_000))) {
      assertThatExceptionOfType(Ext2Exception.class).as("%s", each).isThrownBy(() -> mkfs(each));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withFeatures("extents"))
        .withMessageStartingWith("feature 'extents', expected some of [ext_attr, ");
  }
}
