// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Damaged images: every structure is checked where it is used, every list and walk is bounded.
 * {@code -Dpmem4j.mutants=25000} tries more than the suite has time for, {@code
 * -Dpmem4j.mutants.from=N} begins with another seed.
 */
@Tag("slow")
class MutatedImageTest {
  private static final int MUTANTS = Integer.getInteger("pmem4j.mutants", 500);
  private static final int FIRST_SEED = Integer.getInteger("pmem4j.mutants.from", 0);
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final int BLOCK = ModifiedImage.BLOCK;

  private static final int[] FIELDS_OF_INODE = {0, 4, 26, 28, 32, 40, 44, 88, 92, 96, 104, 108};

  private interface Step {
    void run() throws Exception;
  }

  /** Only what a caller is told to expect gets through. */
  private static void attempt(Step step) throws Exception {
    try {
      step.run();
    } catch (Ext2Exception | SignalException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  private static void use(Ext2FileSystem fs, String path) throws Exception {
    AddressSpace mm = fs.newAddressSpace();
    try (OpenFile file = fs.open(path, 0102, 0644)) {
      attempt(() -> file.pread(0, new byte[100_000]));
      attempt(() -> file.pread(file.stat().size() - 10, new byte[100]));
      attempt(() -> file.pwrite(0, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}));
      attempt(() -> file.pwrite(40_000, filled(50_000)));
      attempt(() -> file.pwrite(5 << 20, filled(9000)));
      attempt(file::fiemap);
      Vma m = mm.mmap(file.mappable(), 0, 64 * BLOCK, 3, AddressSpace.MAP_SHARED);
      for (int page = 0; page < 16; page++) {
        long at = (long) page * BLOCK;
        attempt(() -> mm.load(m, at, 1));
        attempt(() -> mm.store(m, at, filled(16)));
      }
      attempt(() -> mm.msync(m, 0, 64 * BLOCK, AddressSpace.MS_SYNC));
      attempt(() -> mm.munmap(m));
      attempt(() -> file.truncate(5000));
      attempt(() -> file.truncate(60_000));
      attempt(file::fsync);
      attempt(() -> {
        try (Arena arena = Arena.ofConfined()) {
          file.map(java.nio.channels.FileChannel.MapMode.READ_ONLY, 0, 8 * BLOCK, arena);
        }
      });
    } catch (Ext2Exception e) {
      assertThat(e.getMessage()).isNotBlank();
    }
    attempt(() -> fs.unlink(path));
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) -1);
    return bytes;
  }

  private static void exercise(ModifiedImage image) throws Exception {
    Ext2FileSystem fs;
    try {
      fs = image.mount("");
    } catch (Ext2Exception e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      return;
    }
    for (String path : new String[] {"/f", "/new", "/s", "/g", "/d/h", "/t", "/d/new"}) {
      use(fs, path);
    }
    attempt(fs::sync);
    attempt(() -> {
      fs.freeze();
      fs.thaw();
    });
    assertThat(fs.errors()).hasSizeLessThanOrEqualTo(1001);
    attempt(fs::unmount);
  }

  private static void mutate(ModifiedImage image, Random random) {
    ByteBuffer bytes = image.bytes;
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      int group = image.descriptors() + 32 * random.nextInt(2);
      int inode = image.inode(2 + random.nextInt(18));
      switch (random.nextInt(9)) {
        case 0 -> bytes.putInt(ModifiedImage.SUPERBLOCK + 4 * random.nextInt(26), value(random));
        case 1 -> bytes.putInt(group + 4 * random.nextInt(5), value(random));
        case 2, 3 -> bytes.putInt(inode + 40 + 4 * random.nextInt(15), value(random));
        case 4 ->
            bytes.putInt(
                inode + FIELDS_OF_INODE[random.nextInt(FIELDS_OF_INODE.length)], value(random));
        case 5 -> garbage(image, random.nextInt(1500), random);
        case 6 -> {
          int block = bytes.getInt(image.inode(2) + 40);
          if (block > 0 && block < 2048) {
            bytes.putInt(block * image.block + 4 * random.nextInt(40), value(random));
          }
        }
        case 7 -> bytes.put(random.nextInt(64 * image.block), (byte) random.nextInt());
        default ->
            bytes.putShort(
                ModifiedImage.SUPERBLOCK + 2 * random.nextInt(52), (short) value(random));
      }
    }
  }

  private static int value(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> 0;
      case 1 -> 1;
      case 2 -> -1;
      case 3 -> 1 << random.nextInt(32);
      case 4, 5 -> random.nextInt(64);
      case 6 -> random.nextInt(2048);
      default -> random.nextInt();
    };
  }

  /** A block of pointers, or of anything. */
  private static void garbage(ModifiedImage image, int itself, Random random) {
    boolean pointers = random.nextBoolean();
    for (int i = 0; i < image.block; i += 4) {
      image.bytes.putInt(
          itself * image.block + i,
          pointers ? (random.nextBoolean() ? itself : value(random)) : random.nextInt());
    }
  }

  /** Small blocks have fewer: their files go through the page cache, which takes longer. */
  @ParameterizedTest
  @CsvSource({"4096, 1", "1024, 5"})
  void everyMutantGivesTypedErrorsInTime(int block, int fewer) throws Exception {
    for (int seed = FIRST_SEED; seed < FIRST_SEED + MUTANTS / fewer; seed++) {
      int current = seed;
      try (ModifiedImage image = new ModifiedImage(block)) {
        mutate(image, new Random(seed));
        assertTimeoutPreemptively(BOUND, () -> exercise(image), () -> "seed " + current);
      } catch (Throwable e) {
        throw new AssertionError("seed " + current + ": " + e, e);
      }
    }
  }

  /** The kernel keeps descriptors in buffers, which stores to a file do not reach. */
  @Test
  void aFileOverTheDescriptorsDoesNotMoveTheTables() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putInt(image.inode(image.ino("f")) + 40, 1);
      Ext2FileSystem fs = image.mount("");
      try (OpenFile f = fs.open("/f", 2, 0)) {
        f.pwrite(0, filled(BLOCK));
      }
      try (OpenFile g = fs.open("/g", 2, 0);
          OpenFile added = fs.open("/added", 0102, 0644)) {
        assertThat(g.pread(0, new byte[10])).isEqualTo(10);
        added.pwrite(0, new byte[100]);
      }
      fs.unlink("/g");
      fs.unmount();
    }
  }

  @Test
  void fiemapOfATreeThatPointsIntoItselfIsBounded() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      int tree = 1500;
      for (int i = 0; i < BLOCK / 4; i++) {
        image.bytes.putInt(tree * BLOCK + 4 * i, tree);
      }
      int g = image.inode(image.ino("g"));
      image.bytes.putInt(g + 40 + 56, tree).putInt(g + 4, 0).putInt(g + 108, 0x100);
      Ext2FileSystem fs = image.mount("");
      try (OpenFile file = fs.open("/g", 2, 0)) {
        assertThatExceptionOfType(CorruptFileSystemException.class)
            .isThrownBy(() -> assertTimeoutPreemptively(BOUND, file::fiemap));
      }
      assertTimeoutPreemptively(BOUND, () -> fs.unlink("/g"));
      attempt(fs::unmount);
    }
  }

  @Test
  void aTreeOfGarbageIsFreedInTimeAndItsErrorsAreCounted() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      Random random = new Random(1);
      int top = 1500;
      image.bytes.putInt(image.inode(image.ino("g")) + 40 + 52, top);
      for (int i = 0; i < 500; i++) {
        image.bytes.putInt(top * BLOCK + 4 * i, top + 1 + i);
        for (int j = 0; j < BLOCK / 4; j++) {
          image.bytes.putInt((top + 1 + i) * BLOCK + 4 * j, 0x8000_0000 + random.nextInt(1 << 30));
        }
      }
      Ext2FileSystem fs = image.mount("");
      assertTimeoutPreemptively(BOUND, () -> fs.unlink("/g"));
      assertThat(fs.errors()).hasSize(1001).last().asString().matches("and 51\\d{4} more");
      fs.unmount();
    }
  }

  @Test
  void inodesThatDoNotFillTheirLastBlockAreRefusedWhereTheTableEnds() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      // 17 inodes of 256 bytes per group: the last one lies in a block that the table has not.
      image.bytes.putInt(ModifiedImage.SUPERBLOCK + 40, 17).putInt(ModifiedImage.SUPERBLOCK, 34);
      exercise(image);
    }
  }

  /** A length that no address space has, and one far past EOF. */
  @Test
  void aLongMappingCostsWhatTheFileHas() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      Ext2FileSystem fs = image.mount("");
      try (OpenFile f = fs.open("/f", 2, 0)) {
        for (long length : new long[] {1L << 43, 1L << 62, Long.MAX_VALUE}) {
          try (Arena arena = Arena.ofConfined()) {
            assertThatExceptionOfType(Ext2Exception.class)
                .isThrownBy(
                    () -> f.map(java.nio.channels.FileChannel.MapMode.READ_WRITE, 0, length, arena))
                .satisfies(e -> assertThat(e.errno()).isIn(Errno.ENOMEM, Errno.EINVAL));
          }
        }
        for (long length : new long[] {1L << 36, 1L << 40}) {
          assertTimeoutPreemptively(
              Duration.ofSeconds(5),
              () -> {
                try (Arena arena = Arena.ofShared()) {
                  FileMapping m =
                      f.map(java.nio.channels.FileChannel.MapMode.READ_WRITE, 0, length, arena);
                  byte[] five = new byte[5];
                  m.read(0, five);
                  assertThat(five).isEqualTo(new byte[] {1, 2, 3, 4, 5});
                  f.truncate(2 * BLOCK);
                  m.read(BLOCK, five);
                  f.truncate(5);
                  assertThatExceptionOfType(Ext2Exception.class)
                      .isThrownBy(() -> m.read(BLOCK, five));
                  f.pwrite(0, new byte[] {1, 2, 3, 4, 5});
                }
              });
        }
      }
      fs.unmount();
    }
  }
}
