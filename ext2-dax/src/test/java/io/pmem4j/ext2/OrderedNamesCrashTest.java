// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.CrashedImage.P;
import static io.pmem4j.ext2.CrashedImage.createFile;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.ext2.CrashedImage.SweptImage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every crash state of directories, links and renames with {@code mount -o ordered}: no name leads
 * to garbage, nothing is shared, and what is left is lost space or a number that is too high.
 */
class OrderedNamesCrashTest {
  private static final CrashedImage.Step NOTHING = _ -> {};

  private static void makeDirectories(Ext2FileSystem fs) throws Exception {
    for (String path : List.of("/a", "/b", "/a/d")) {
      fs.paths().mkdir(path, 0755);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void mkdir(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            NOTHING,
            fs -> {
              fs.paths().mkdir("/d", 0755);
              createFile(fs, "/d/f", 0);
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void rmdirAndReuse(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> fs.paths().mkdir("/d", 0755),
            fs -> {
              fs.paths().rmdir("/d");
              createFile(fs, "/g", P);
            })
        .assertSound();
  }

  /** The parent has lost a link, and the directory that somebody reads keeps its block. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void rmdirOfAnOpenDirectory(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> fs.paths().mkdir("/d", 0755),
            fs -> {
              try (OpenFile directory = fs.open("/d", 0, 0);
                  OpenFile parent = fs.open("/", 0, 0)) {
                fs.paths().rmdir("/d");
                parent.fsync();
              }
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void link(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/f", P),
            fs -> {
              fs.paths().link("/f", "/g");
              fs.unlink("/f");
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void symlinks(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            NOTHING,
            fs -> {
              fs.paths().symlink("short", "/s");
              fs.paths().symlink("long".repeat(40), "/l");
            })
        .assertSound();
  }

  /** A name leads to a link only when that leads to its target. */
  @Test
  void aSymlinkInABlockOfItsOwn() throws Exception {
    CrashedImage.orderedOnUsedBlocks(
            "dax", CrashMode.X86, NOTHING, fs -> fs.paths().symlink("long".repeat(40), "/l"))
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void renameOverAFile(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              createFile(fs, "/f", P);
              createFile(fs, "/g", 2 * P);
            },
            fs -> {
              fs.paths().rename("/f", "/g", 0);
              createFile(fs, "/h", P);
            })
        .assertSound();
  }

  /** The number of the entry and its type are in two words for one of the names. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void renameOverAnotherType(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              fs.paths().symlink("nowhere", "/1");
              fs.paths().symlink("nowhere", "/2");
              createFile(fs, "/f", P);
              createFile(fs, "/g", P);
            },
            fs -> {
              fs.paths().rename("/f", "/1", 0);
              fs.paths().rename("/g", "/2", 0);
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void renameOfADirectory(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              makeDirectories(fs);
              createFile(fs, "/a/d/f", P);
            },
            fs -> fs.paths().rename("/a/d", "/b/d", 0))
        .assertSoundWithoutOrphans();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void renameOverADirectory(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              makeDirectories(fs);
              fs.paths().mkdir("/b/d", 0755);
            },
            fs -> {
              fs.paths().rename("/a/d", "/b/d", 0);
              createFile(fs, "/b/d/f", P);
            })
        .assertSound();
  }

  /** A file moves to a new directory and over another file; a symbolic link takes a block. */
  @ParameterizedTest
  @EnumSource(names = "BLOCKS_OF_1024")
  void namesMoveBetweenDirectories(SweptImage image) throws Exception {
    CrashedImage.ordered(
            image,
            fs -> {
              fs.paths().mkdir("/a", 0755);
              createFile(fs, "/a/f", image.block);
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

  /** A full directory takes a block for the new name. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void renameIntoANewBlock(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              createFile(fs, "/f", P);
              CrashedImage.fillDirectory(fs);
            },
            fs -> fs.paths().rename("/f", "/" + "m".repeat(250), 0))
        .assertSoundWithoutOrphans();
  }
}
