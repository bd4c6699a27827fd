// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;
import java.nio.file.Files;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The checks, refusals and stores of mounting. */
class MountTest {

  @Test
  void theSuperblockFollowsTheMount() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Superblock superblock = new Superblock(image.region(), Superblock.PRIMARY_OFFSET);
      superblock.maxMntCount(0);
      image.clock.addAndGet(7);
      Ext2FileSystem fs = image.mount();
      assertThat(superblock.state() & Superblock.VALID_FS).isZero();
      assertThat(superblock.mntCount()).isEqualTo(1);
      assertThat(superblock.maxMntCount()).isEqualTo(20);
      assertThat(superblock.wtime()).isEqualTo(ImageFixture.BASE_SECOND + 7);
      long free = superblock.freeBlocksCount();
      try (OpenFile file = fs.open("/f", 0102, 0644)) {
        file.pwrite(0, new byte[3 * 4096]);
        assertThat(superblock.freeBlocksCount()).as("brought up to date by sync").isEqualTo(free);
        fs.sync();
        assertThat(superblock.freeBlocksCount()).isEqualTo(free - 3);
        assertThatThrownBy(fs::unmount)
            .isInstanceOfSatisfying(
                Ext2Exception.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
      }
      image.clock.addAndGet(1);
      fs.unmount();
      assertThat(superblock.state()).isEqualTo(Superblock.VALID_FS);
      assertThat(superblock.wtime()).isEqualTo(ImageFixture.BASE_SECOND + 8);
      assertThatThrownBy(fs::sync).isInstanceOf(IllegalStateException.class);
      image.assertClean();
    }
  }

  @Test
  void aReadOnlyMountStoresNothingAndRefusesEveryChange() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      byte[] before = Files.readAllBytes(image.extracted());
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              image.options().with(MountFlag.READ_ONLY, true),
              image.instrumentation());
      assertThat(fs.paths().stat("/lost+found", false).nlink()).isEqualTo(2);
      OnImage.assertErrno(Errno.EROFS, () -> fs.open("/f", 0102, 0644));
      OnImage.assertErrno(Errno.EROFS, () -> fs.paths().rmdir("/lost+found"));
      OnImage.assertErrno(Errno.EROFS, () -> fs.paths().chmod("/", 0700));
      fs.sync();
      fs.unmount();
      assertThat(Files.readAllBytes(image.extracted())).isEqualTo(before);
    }
  }

  @Test
  void valuesAgreeWithDumpe2fs() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Superblock superblock = new Superblock(image.region(), Superblock.PRIMARY_OFFSET);
      String dump = ImageFixture.run(java.util.List.of("dumpe2fs", image.extracted().toString()));
      assertThat(superblock.inodesCount()).isEqualTo(number(dump, "Inode count:"));
      assertThat(superblock.blocksCount()).isEqualTo(number(dump, "Block count:"));
      assertThat(superblock.reservedBlocksCount()).isEqualTo(number(dump, "Reserved block count:"));
      assertThat(superblock.freeBlocksCount()).isEqualTo(number(dump, "Free blocks:"));
      assertThat(superblock.freeInodesCount()).isEqualTo(number(dump, "Free inodes:"));
      assertThat(superblock.blocksPerGroup()).isEqualTo(number(dump, "Blocks per group:"));
      assertThat(superblock.inodesPerGroup()).isEqualTo(number(dump, "Inodes per group:"));
      assertThat(superblock.inodeSize()).isEqualTo(number(dump, "Inode size:"));
      assertThat(superblock.firstIno()).isEqualTo(number(dump, "First inode:"));
      GroupDescriptor group = new GroupDescriptor(image.region(), 4096);
      assertThat(group.blockBitmap()).isEqualTo(number(dump, "Block bitmap at"));
      assertThat(group.inodeBitmap()).isEqualTo(number(dump, "Inode bitmap at"));
      assertThat(group.inodeTable()).isEqualTo(number(dump, "Inode table at"));
      assertThat(group.usedDirsCount()).isEqualTo(2);
    }
  }

  private static long number(String dump, String label) {
    Matcher matcher = Pattern.compile(Pattern.quote(label) + "\\s+(\\d+)").matcher(dump);
    assertThat(matcher.find()).as(label).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  @Test
  void anUnknownOptionIsRefused() {
    assertThatThrownBy(() -> MountOptions.parse("dax,dax=always"))
        .isInstanceOf(Ext2Exception.class)
        .hasMessageContaining("EINVAL")
        .hasMessageContaining("dax=always");
  }

  @Test
  void aBlockAboveAPageIsOneClearLine() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      image.region().putInt(Superblock.PRIMARY_OFFSET + 24, 3);
      assertThatThrownBy(image::mount)
          .isInstanceOfSatisfying(
              Ext2Exception.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
          .hasMessageContaining("block size is 8192");
    }
  }

  @Test
  void unknownFeaturesAreRefusedByMask() throws Exception {
    try (ImageFixture image = new ImageFixture("-O", "extent")) {
      assertThatThrownBy(image::mount)
          .isInstanceOf(UnsupportedFeatureException.class)
          .hasMessageContaining("incompat 0x40");
    }
  }

  @Test
  void aWrongFieldIsNamedWithWhatWasFoundAndExpected() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      image.region().putInt(Superblock.PRIMARY_OFFSET + 32, 99_999);
      assertThatThrownBy(image::mount)
          .isInstanceOfSatisfying(
              CorruptFileSystemException.class,
              e -> {
                assertThat(e.field()).isEqualTo("s_blocks_per_group");
                assertThat(e.found()).isEqualTo("99999");
                assertThat(e.expected()).isEqualTo("1..32768");
              });
    }
  }

  @Test
  void largeFileIsAnnouncedByTheFirstOne() throws Exception {
    try (ImageFixture image = new ImageFixture("-O", "^large_file,^resize_inode")) {
      Ext2FileSystem fs = image.mount();
      try (OpenFile file = fs.open("/f", 0102, 0644)) {
        file.truncate(1L << 31);
      }
      fs.unmount();
      image.assertClean();
      assertThat(image.debugfs("stats")).contains("large_file");
    }
  }
}
