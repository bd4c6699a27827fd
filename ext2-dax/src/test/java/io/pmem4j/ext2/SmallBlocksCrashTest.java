// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.CrashedImage.O_RDWR_CREAT;
import static io.pmem4j.ext2.CrashedImage.createFile;
import static io.pmem4j.ext2.CrashedImage.orderedInBlocksOf;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The states of {@link OrderedCrashTest} and {@link OrderedNamesCrashTest} in which smaller blocks
 * differ: several in a page, directories that grow by them, files through the page cache.
 */
class SmallBlocksCrashTest {
  private static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2048})
  void aDirectoryGrows(int block) throws Exception {
    orderedInBlocksOf(
            block,
            fs -> {
              for (int i = 0; i < block / 256 - 1; i++) {
                createFile(fs, "/" + i + "n".repeat(240), 0);
              }
            },
            fs -> createFile(fs, "/" + "m".repeat(250), 0))
        .assertSound();
  }

  @ParameterizedTest
  @ValueSource(ints = 1024)
  void aFileGrowsPastItsDirectBlocks(int block) throws Exception {
    orderedInBlocksOf(
            block,
            fs -> createFile(fs, "/f", 11 * block),
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite(11L * block + 100, bytes(3 * block, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2048})
  void aHoleInAPageIsFilled(int block) throws Exception {
    orderedInBlocksOf(
            block,
            fs -> {
              createFile(fs, "/f", 10);
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.truncate(4096);
              }
            },
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite(block + 100, bytes(50, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  @ParameterizedTest
  @ValueSource(ints = 1024)
  void blocksOfATruncatedFileBecomeAnothers(int block) throws Exception {
    orderedInBlocksOf(
            block,
            fs -> {
              createFile(fs, "/f", 14 * block);
              createFile(fs, "/g", 0);
            },
            fs -> {
              try (OpenFile f = fs.open("/f", O_RDWR_CREAT, 0644);
                  OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
                f.truncate(block + 100);
                g.pwrite(0, bytes(2 * block, 4));
                g.fsync();
              }
            })
        .assertSound();
  }

  @ParameterizedTest
  @ValueSource(ints = 1024)
  void namesMoveBetweenDirectories(int block) throws Exception {
    orderedInBlocksOf(
            block,
            fs -> {
              fs.paths().mkdir("/a", 0755);
              createFile(fs, "/a/f", block);
              createFile(fs, "/g", 0);
            },
            fs -> {
              fs.paths().mkdir("/b", 0755);
              fs.paths().rename("/a/f", "/b/f", 0);
              fs.paths().symlink("s".repeat(200), "/a/s");
              fs.paths().rename("/b/f", "/g", 0);
            })
        .assertSound();
  }
}
