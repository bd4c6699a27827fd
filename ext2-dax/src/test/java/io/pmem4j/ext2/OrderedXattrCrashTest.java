// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.CrashedImage.createFile;

import io.pmem4j.crash.CrashMode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every crash state of extended attributes with {@code mount -o ordered}: each inode has its old or
 * its new attributes, and what is left is lost space or a number that is too high.
 */
class OrderedXattrCrashTest {
  private static void set(Ext2FileSystem fs, String path, String name, String value)
      throws Exception {
    fs.paths()
        .setXattr(
            path,
            name.getBytes(StandardCharsets.US_ASCII),
            value.getBytes(StandardCharsets.US_ASCII),
            0,
            false);
  }

  private static void remove(Ext2FileSystem fs, String path, String name) throws Exception {
    fs.paths().removeXattr(path, name.getBytes(StandardCharsets.US_ASCII), false);
  }

  private static void sync(Ext2FileSystem fs, String path) throws Exception {
    try (OpenFile file = fs.open(path, 2, 0)) {
      file.fsync();
    }
  }

  private static void two(Ext2FileSystem fs) throws Exception {
    createFile(fs, "/f", 0);
    createFile(fs, "/g", 0);
  }

  private static void twoThatShare(Ext2FileSystem fs) throws Exception {
    two(fs);
    set(fs, "/f", "user.x", "1");
    set(fs, "/g", "user.x", "1");
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void firstAttributes(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            OrderedXattrCrashTest::two,
            fs -> {
              set(fs, "/f", "user.x", "1");
              sync(fs, "/f");
              set(fs, "/g", "user.x", "1");
              sync(fs, "/g");
            })
        .assertSoundWithoutOrphans();
  }

  /** The superblock gets its feature, without which e2fsck takes attributes away. */
  @Test
  void firstAttributesOfAFileSystem() throws Exception {
    CrashedImage.orderedOnUsedBlocks(
            "dax",
            CrashMode.X86,
            OrderedXattrCrashTest::two,
            fs -> {
              set(fs, "/f", "user.x", "1");
              sync(fs, "/f");
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void change(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              two(fs);
              set(fs, "/f", "user.x", "1".repeat(200));
            },
            fs -> {
              set(fs, "/f", "user.y", "2".repeat(300));
              createFile(fs, "/h", CrashedImage.P);
              remove(fs, "/f", "user.x");
              createFile(fs, "/i", CrashedImage.P);
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void changeOfASharedBlock(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            OrderedXattrCrashTest::twoThatShare,
            fs -> {
              set(fs, "/f", "user.y", "2");
              remove(fs, "/f", "user.y");
            })
        .assertSoundWithoutOrphans();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void unlinkOfSharedAndLastUser(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            OrderedXattrCrashTest::twoThatShare,
            fs -> {
              fs.unlink("/f");
              fs.unlink("/g");
              createFile(fs, "/h", CrashedImage.P);
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void inheritance(CrashMode mode) throws Exception {
    byte[] list = {
      2, 0, 0, 0, 1, 0, 7, 0, -1, -1, -1, -1, 2, 0, 7, 0, 5, 0, 0, 0, 4, 0, 5, 0, -1, -1, -1, -1,
      16, 0, 7, 0, -1, -1, -1, -1, 32, 0, 5, 0, -1, -1, -1, -1
    };
    CrashedImage.ordered(
            mode,
            fs -> {
              fs.paths().mkdir("/d", 0755);
              byte[] name = "system.posix_acl_default".getBytes(StandardCharsets.US_ASCII);
              fs.paths().setXattr("/d", name, list, 0, false);
            },
            fs -> {
              for (String path : List.of("/d/f", "/d/g")) {
                createFile(fs, path, 0);
              }
              fs.paths().mkdir("/d/sub", 0777);
            })
        .assertSound();
  }
}
