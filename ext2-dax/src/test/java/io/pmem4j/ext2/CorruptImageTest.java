// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.pmem.PmemRegion;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Broken images: typed errors and nothing else; never a hang. Seeds are fixed. */
class CorruptImageTest {
  private static final int ROUNDS = 1500;
  private static final int METADATA_BYTES = 4 << 20;

  /** Mounts and uses everything; every failure must be a typed one. */
  private static boolean exercise(ImageFixture image) throws Exception {
    Ext2FileSystem fs;
    try {
      fs = image.mount();
    } catch (Ext2Exception e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      return false;
    }
    AddressSpace mm = fs.newAddressSpace();
    for (String name : new String[] {"/f", "/new"}) {
      try (OpenFile file = fs.open(name, 0102, 0644)) {
        attempt(() -> file.pread(0, new byte[100_000]));
        attempt(() -> file.pwrite(40_000, new byte[50_000]));
        attempt(file::fiemap);
        Vma m =
            mm.mmap(
                file.mappable(),
                0,
                1 << 20,
                AddressSpace.PROT_READ | AddressSpace.PROT_WRITE,
                AddressSpace.MAP_SHARED);
        for (int page = 0; page < 20; page++) {
          long at = page * 4096L;
          attempt(() -> mm.load(m, at, 1));
          attempt(() -> mm.store(m, at, new byte[] {1}));
        }
        attempt(() -> mm.munmap(m));
        attempt(() -> file.truncate(5000));
        attempt(file::fsync);
      } catch (Ext2Exception e) {
        assertThat(e.getMessage()).isNotBlank();
      }
      attempt(() -> fs.unlink(name));
    }
    attempt(fs::unmount);
    return true;
  }

  private interface Step {
    void run() throws Exception;
  }

  private static void attempt(Step step) throws Exception {
    try {
      step.run();
    } catch (Ext2Exception | SignalException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  private static byte[] prepared(ImageFixture image) throws Exception {
    Ext2FileSystem fs = image.mount();
    try (OpenFile f = fs.open("/f", 0102, 0644)) {
      f.pwrite(0, new byte[60 * 4096]);
      f.pwrite(5 << 20, new byte[4096]);
    }
    fs.unmount();
    byte[] good = new byte[METADATA_BYTES];
    copy(image.region(), good);
    return good;
  }

  private static void copy(PmemRegion region, byte[] target) {
    java.lang.foreign.MemorySegment.copy(
        region.segment(), java.lang.foreign.ValueLayout.JAVA_BYTE, 0, target, 0, target.length);
  }

  /** The interesting bytes: superblock, descriptors, bitmaps, first inodes, root directory. */
  private static long[][] targets(PmemRegion region) {
    GroupDescriptor group = new GroupDescriptor(region, 4096);
    long table = group.inodeTable() * 4096;
    long root = Integer.toUnsignedLong(new RawInode(region, table + 256).block(0)) * 4096;
    return new long[][] {
      {Superblock.PRIMARY_OFFSET, 264},
      {4096, 32},
      {group.blockBitmap() * 4096, 256},
      {group.inodeBitmap() * 4096, 16},
      {table + 256, 128},
      {table + 11 * 256, 128},
      {root, 80},
    };
  }

  @Test
  void randomDamageGivesTypedErrors() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      byte[] good = prepared(image);
      PmemRegion region = image.region();
      long[][] targets = targets(region);
      int refused = 0;
      for (int round = 0; round < ROUNDS; round++) {
        region.copy(0, good, 0, good.length);
        Random random = new Random(round);
        for (int i = 0, n = 1 + random.nextInt(3); i < n; i++) {
          long[] target = targets[random.nextInt(targets.length)];
          long at = target[0] + random.nextInt((int) target[1]);
          byte value =
              switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> (byte) 0xff;
                default -> (byte) random.nextInt(256);
              };
          region.putByte(at, value);
        }
        int current = round;
        boolean mounted =
            assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> exercise(image), () -> "hangs in round " + current);
        refused += mounted ? 0 : 1;
      }
      assertThat(refused).as("both kinds of damage were tried").isBetween(ROUNDS / 20, ROUNDS / 2);
    }
  }

  @Test
  void anIndirectBlockThatPointsToItselfIsFreedAndReported() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      prepared(image);
      PmemRegion region = image.region();
      long table = new GroupDescriptor(region, 4096).inodeTable() * 4096;
      RawInode inode = new RawInode(region, table + 11 * 256);
      int indirect = inode.block(12);
      for (int i = 0; i < 1024; i++) {
        region.putInt(indirect * 4096L + 4L * i, indirect);
      }
      inode.block(14, indirect);
      Ext2FileSystem fs = image.mount();
      assertTimeoutPreemptively(Duration.ofSeconds(20), () -> fs.unlink("/f"));
      assertThat(fs.errors()).isNotEmpty();
      fs.unmount();
      assertThat(new Superblock(region, 1024).state() & Superblock.ERROR_FS).isNotZero();
    }
  }

  @Test
  void aPointerOutOfTheFileSystemIsAnInputOutputError() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      prepared(image);
      PmemRegion region = image.region();
      long table = new GroupDescriptor(region, 4096).inodeTable() * 4096;
      new RawInode(region, table + 11 * 256).block(0, 0x7fff_ffff);
      Ext2FileSystem fs = image.mount();
      try (OpenFile f = fs.open("/f", 2, 0)) {
        assertThatThrownBy(() -> f.pread(0, new byte[10]))
            .isInstanceOf(CorruptFileSystemException.class)
            .hasMessageContaining("block 2147483647");
        AddressSpace mm = fs.newAddressSpace();
        Vma m = mm.mmap(f.mappable(), 0, 4096, AddressSpace.PROT_READ, AddressSpace.MAP_SHARED);
        assertThatThrownBy(() -> mm.load(m, 0, 1)).isInstanceOf(SignalException.class);
        mm.munmap(m);
      }
      fs.unmount();
    }
  }

  @Test
  void noFileSystemAtAllIsOneClearLine() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      image.region().fill(0, 8192, (byte) 0);
      assertThatThrownBy(image::mount)
          .isInstanceOf(CorruptFileSystemException.class)
          .hasMessageContaining("not an ext2 file system");
    }
  }
}
