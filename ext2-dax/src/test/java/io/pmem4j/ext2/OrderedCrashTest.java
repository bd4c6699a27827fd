// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.CrashedImage.O_RDWR_CREAT;
import static io.pmem4j.ext2.CrashedImage.P;
import static io.pmem4j.ext2.CrashedImage.createFile;
import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.ext2.CrashedImage.SweptImage;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * With {@code mount -o ordered} no crash damages a structure, whatever the operation. The image is
 * checked as a whole and mounted in each state.
 */
class OrderedCrashTest {
  private static final CrashedImage.Step NOTHING = _ -> {};

  private static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void create(CrashMode mode) throws Exception {
    CrashedImage.ordered(mode, NOTHING, fs -> createFile(fs, "/f", 0)).assertSound();
  }

  @ParameterizedTest
  @EnumSource
  void createInANewBlockOfTheDirectory(SweptImage image) throws Exception {
    CrashedImage.ordered(
            image, CrashedImage::fillDirectory, fs -> createFile(fs, "/" + "m".repeat(250), 0))
        .assertSound();
  }

  /** The entry that shrinks and the new one are in different lines. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void createAcrossLines(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/" + "a".repeat(90), 0),
            fs -> createFile(fs, "/" + "b".repeat(90), 0))
        .assertSound();
  }

  /** The first entry of a block stays as a free place when its name goes. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void createInAFreePlace(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              CrashedImage.fillDirectory(fs);
              createFile(fs, "/" + "m".repeat(250), 0);
            },
            fs -> {
              fs.unlink("/" + "m".repeat(250));
              createFile(fs, "/" + "z".repeat(250), 0);
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void createInThePlaceOfAName(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              createFile(fs, "/first", P);
              createFile(fs, "/second", 0);
            },
            fs -> {
              fs.unlink("/first");
              createFile(fs, "/third", P);
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void writeAndSync(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/f", 0),
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite(100, bytes(50, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void writeBehindTheFirstBlockOfPointers(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/f", 12 * P),
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite(12L * P, bytes(8, 3));
                file.fsync();
                file.pwrite((12L + 1024) * P, bytes(8, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  /** The write allocates the last direct block, the block of pointers and two blocks below it. */
  @ParameterizedTest
  @EnumSource(names = "BLOCKS_OF_1024")
  void writeAcrossTheFirstBlockOfPointers(SweptImage image) throws Exception {
    CrashedImage.ordered(
            image,
            fs -> createFile(fs, "/f", 11 * image.block),
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite(11L * image.block + 100, bytes(3 * image.block, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  /** The page has other blocks, which the file has already or not at all. */
  @ParameterizedTest
  @EnumSource(names = {"BLOCKS_OF_1024", "BLOCKS_OF_2048"})
  void writeAHoleInAPage(SweptImage image) throws Exception {
    CrashedImage.ordered(
            image,
            fs -> {
              createFile(fs, "/f", 10);
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.truncate(P);
              }
            },
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite(image.block + 100, bytes(50, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  /** An inode of 256 bytes whose last owner was ext4's. */
  @Test
  void createWithALargeInode() throws Exception {
    CrashedImage.orderedOnUsedBlocks("dax", CrashMode.X86, NOTHING, fs -> createFile(fs, "/f", 0))
        .assertSound();
  }

  /** A tree of pointers is new. */
  @Test
  void writeBelowNewPointers() throws Exception {
    CrashedImage.orderedOnUsedBlocks(
            "dax",
            CrashMode.X86,
            fs -> createFile(fs, "/f", P),
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.pwrite((12L + 1024) * P, bytes(8, 3));
                file.fsync();
              }
            })
        .assertSound();
  }

  /** Two blocks of a run below pointers that are there, each in part. */
  @Test
  void writeAHoleBelowPointers() throws Exception {
    holeBelowPointers("dax").assertSound();
  }

  /** Page by page, and a page may be durable after its pointer. */
  @Test
  void writeAHoleBelowPointersThroughPages() throws Exception {
    holeBelowPointers("").assertSound();
  }

  private static CrashedImage holeBelowPointers(String options) throws Exception {
    return CrashedImage.orderedOnUsedBlocks(
        options,
        CrashMode.X86,
        fs -> {
          createFile(fs, "/f", 13 * P);
          try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
            file.truncate(16 * P);
          }
        },
        fs -> {
          try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
            file.pwrite(14 * P + 100, bytes(P + 50, 3));
            file.fsync();
          }
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void storeToAHole(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/f", 12 * P),
            fs -> {
              AddressSpace mm = fs.newAddressSpace();
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                file.truncate(14 * P);
                Vma vma =
                    mm.mmap(
                        file.mappable(),
                        0,
                        14 * P,
                        AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
                        AddressSpace.MAP_SHARED);
                mm.store(vma, 13 * P, new byte[] {5});
                mm.msync(vma, 0, 14 * P, AddressSpace.MS_SYNC);
                mm.munmap(vma);
              }
            })
        .assertSound();
  }

  /** The blocks that a truncation frees become another file's. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA", "BLOCKS_OF_1024"})
  void truncateAndReuse(SweptImage image) throws Exception {
    CrashedImage.ordered(
            image,
            fs -> {
              createFile(fs, "/f", 14 * image.block);
              createFile(fs, "/g", 0);
            },
            fs -> {
              try (OpenFile f = fs.open("/f", O_RDWR_CREAT, 0644);
                  OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
                f.truncate(image.block + 100);
                g.pwrite(0, bytes(2 * image.block, 4));
                g.fsync();
              }
            })
        .assertSound();
  }

  /** Blocks of pointers that stay lose the right part. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void truncateInsideABlockOfPointers(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> {
              createFile(fs, "/f", 16 * P);
              createFile(fs, "/g", 0);
            },
            fs -> {
              try (OpenFile f = fs.open("/f", O_RDWR_CREAT, 0644);
                  OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
                f.truncate(13 * P);
                g.pwrite(0, bytes(P, 4));
                g.fsync();
              }
            })
        .assertSound();
  }

  /** The inode and the blocks of an unlinked file become another file's. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void unlinkAndReuse(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/f", 13 * P),
            fs -> {
              fs.unlink("/f");
              createFile(fs, "/g", P);
              fs.sync();
            })
        .assertSound();
  }

  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void unlinkOfAnOpenFile(CrashMode mode) throws Exception {
    CrashedImage.ordered(
            mode,
            fs -> createFile(fs, "/f", 2 * P),
            fs -> {
              try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
                fs.unlink("/f");
                file.pwrite(5 * P, bytes(10, 1));
                fs.sync();
              }
              createFile(fs, "/g", P);
            })
        .assertSound();
  }

  /** Without the option a crash damages the image: the judge sees what the option prevents. */
  @ParameterizedTest
  @EnumSource(names = {"X86", "JAVA"})
  void theOrderOfLinuxLeavesNamesWithoutInodes(CrashMode mode) throws Exception {
    CrashedImage linux = CrashedImage.linux(mode, NOTHING, fs -> createFile(fs, "/f", 0));
    assertThat(linux.report.broken()).isPositive();
    assertThat(linux.kinds).contains(ImageFinding.Kind.DANGLING_NAME);
  }
}
