// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The effect of each mount option, and of a remount. */
class MountOptionsTest {
  private static final String BASE = "dax,oldalloc,noatime,noreservation";
  private static final int RO_COMPAT = (int) Superblock.PRIMARY_OFFSET + 100;
  private static final ValueLayout.OfInt LE_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int COMPAT = (int) Superblock.PRIMARY_OFFSET + 92;

  private static Ext2FileSystem mount(ImageFixture image, String options) throws Exception {
    return Ext2FileSystem.mount(
        image.region(), MountOptions.parse(options), image.instrumentation());
  }

  private static Superblock superblock(ImageFixture image) throws Exception {
    return new Superblock(image.region(), Superblock.PRIMARY_OFFSET);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                | rw,relatime,errors=continue,user_xattr,acl",
        "ro,noatime                        | ro,noatime,errors=continue,user_xattr,acl",
        "bsdgroups,minixdf,debug,nobh      | rw,relatime,minixdf,grpid,errors=continue,debug,user_xattr,acl,nobh",
        "grpid,sysvgroups,minixdf,bsddf    | rw,relatime,errors=continue,user_xattr,acl",
        "errors=remount-ro,errors=panic    | rw,relatime,errors=panic,user_xattr,acl",
        "errors=remount-ro,nouser_xattr    | rw,relatime,errors=remount-ro,nouser_xattr,acl",
        "nouid32,noacl,resuid=7,resgid=8   | rw,relatime,resuid=7,resgid=8,errors=continue,nouid32,user_xattr,noacl",
        "xip,sync,strictatime              | rw,sync,errors=continue,user_xattr,acl,xip",
        "quota,usrquota,noquota,reservation | rw,relatime,errors=continue,user_xattr,acl"
      })
  void optionsAreShownAsLinuxShowsThem(String options, String shown) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = mount(image, "dax," + options);
      assertThat(fs.options().replace(",dax", "")).isEqualTo(shown);
      fs.unmount();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nocheck",
        "sb=x",
        "resuid=",
        "resuid=-1",
        "resgid=3000000000",
        "errors=ignore",
        "dax=on"
      })
  void anOptionThatLinuxDoesNotTakeIsRefused(String option) {
    OnImage.assertErrno(Errno.EINVAL, () -> MountOptions.parse("noatime," + option));
  }

  @ParameterizedTest
  @CsvSource({"-b 1024, 8193", "-b 2048 -g 4096, 8192", "-b 4096 -g 2048, 8192"})
  void theSuperblockOfAnotherGroupIsMountedAndWritten(String format, long place) throws Exception {
    try (ImageFixture image = new ImageFixture(format.split(" "))) {
      Superblock backup = new Superblock(image.region(), place << 10);
      int count = superblock(image).mntCount();
      Ext2FileSystem fs = mount(image, "sb=" + place + "," + BASE);
      assertThat(fs.options()).startsWith("rw,noatime,sb=" + place + ",errors=continue");
      fs.paths().mkdir("/d", 0755);
      fs.unmount();
      assertThat(backup.mntCount()).isEqualTo(count + 1);
      assertThat(backup.wtime()).isEqualTo(ImageFixture.BASE_SECOND);
      assertThat(superblock(image).mntCount()).isEqualTo(count);
      int bits = 10 + (int) backup.logBlockSize();
      long behind = ((place << 10 >> bits) + 1) << bits;
      long groups = Math.ceilDiv(backup.blocksCount(), backup.blocksPerGroup());
      long directories = 0;
      for (long group = 0; group < groups; group++) {
        directories += new GroupDescriptor(image.region(), behind + 32 * group).usedDirsCount();
      }
      assertThat(directories).as("in the descriptors behind that superblock").isEqualTo(3);
      assertThat(backup.freeBlocksCount()).isEqualTo(superblock(image).freeBlocksCount() - 1);
      // Behind another option of the file system it means nothing, as in Linux.
      fs = mount(image, "oldalloc,sb=" + place + "," + BASE);
      assertThat(fs.options()).doesNotContain("sb=");
      assertThat(fs.paths().stat("/d", true).nlink()).isEqualTo(2);
      fs.unmount();
      OnImage.assertErrno(Errno.EINVAL, () -> mount(image, "sb=3," + BASE));
      OnImage.assertErrno(Errno.EINVAL, () -> mount(image, "sb=2000000000," + BASE));
    }
  }

  @Test
  void unknownFeaturesForbidWhatTheirMaskSays() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      int compat = image.region().segment().get(LE_INT, COMPAT);
      image.region().putInt(COMPAT, compat | 0x4000_0000);
      image.region().putInt(RO_COMPAT, image.region().segment().get(LE_INT, RO_COMPAT) | 0x400);
      assertThatThrownBy(() -> mount(image, BASE))
          .isInstanceOf(UnsupportedFeatureException.class)
          .hasMessageContaining("ro_compat 0x400");
      Ext2FileSystem fs = mount(image, "ro," + BASE);
      assertThat(fs.paths().stat("/", true).nlink()).isEqualTo(3);
      OnImage.assertErrno(Errno.EROFS, () -> fs.remount(MountOptions.parse("rw")));
      fs.unmount();
      image.region().putInt(RO_COMPAT, 3);
      image.mount().unmount();
      assertThat(superblock(image).featureCompat()).isEqualTo(compat | 0x4000_0000);
    }
  }

  @Test
  void aNewerRevisionIsReadOnly() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      superblock(image).revLevel(2);
      int count = superblock(image).mntCount();
      Ext2FileSystem fs = image.mount();
      assertThat(fs.options()).startsWith("ro,");
      OnImage.assertErrno(Errno.EROFS, () -> fs.paths().mkdir("/d", 0755));
      fs.unmount();
      assertThat(superblock(image).mntCount()).isEqualTo(count);
    }
  }

  @Test
  void descriptorsInTheirGroupsAreReadAndWritten() throws Exception {
    try (ImageFixture image =
        new ImageFixture("-b", "1024", "-g", "512", "-O", "meta_bg,^resize_inode")) {
      Ext2FileSystem fs = mount(image, "dax,noatime,noreservation");
      for (int i = 0; i < 200; i++) {
        fs.paths().mkdir("/d" + i, 0755);
      }
      fs.unmount();
      image.assertClean();
      assertThat(image.debugfs("stat /d199")).contains("Type: directory");
    }
  }

  @Test
  void groupsAndIdsFollowTheOptions() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = mount(image, BASE + ",grpid");
      fs.paths().mkdir("/d", 0755);
      fs.paths().chown("/d", 70_000, 90_000);
      fs.paths().chmod("/d", 02755);
      fs.paths().mkdir("/d/e", 0755);
      assertThat(fs.paths().stat("/d/e", true).gid()).isEqualTo(90_000);
      assertThat(fs.paths().stat("/d/e", true).mode() & 02000).isZero();
      fs.remount(MountOptions.parse("nogrpid"));
      fs.paths().chmod("/d", 0755);
      fs.paths().mkdir("/d/f", 0755);
      assertThat(fs.paths().stat("/d/f", true).gid()).isZero();
      fs.unmount();
      fs = mount(image, BASE + ",nouid32");
      assertThat(fs.paths().stat("/d", true).uid()).isEqualTo(70_000 & 0xffff);
      fs.paths().chown("/d/f", 70_000, 12);
      fs.unmount();
      image.assertClean();
      assertThat(image.debugfs("stat /d/f")).containsPattern("User: 65534 +Group: +12");
      assertThat(image.debugfs("stat /d/e")).containsPattern("Group: +90000");
    }
  }

  @Test
  void theBlocksOfStructuresCountWithMinixDf() throws Exception {
    try (ImageFixture image = new ImageFixture("-b", "1024")) {
      Ext2FileSystem fs = mount(image, BASE + ",minixdf");
      assertThat(fs.use().blocks()).isEqualTo(superblock(image).blocksCount());
      fs.remount(MountOptions.parse("bsddf"));
      long usable = fs.use().blocks();
      assertThat(usable).isLessThan(superblock(image).blocksCount());
      // As in Linux: what was counted once is not counted again.
      fs.remount(MountOptions.parse("minixdf"));
      assertThat(fs.use().blocks()).isEqualTo(superblock(image).blocksCount());
      fs.remount(MountOptions.parse("bsddf"));
      assertThat(fs.use().blocks()).isEqualTo(superblock(image).blocksCount());
      fs.unmount();
      fs = image.mount();
      assertThat(fs.use().blocks()).isEqualTo(usable);
      fs.unmount();
    }
  }

  @Test
  void aRemountToReadOnlyNeedsThatNobodyWrites() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      MountOptions readOnly = MountOptions.parse("ro");
      OpenFile file = fs.open("/f", 0102, 0644);
      OnImage.assertErrno(Errno.EBUSY, () -> fs.remount(readOnly));
      file.close();
      OpenFile removed = fs.open("/f", 0, 0);
      fs.unlink("/f");
      OnImage.assertErrno(Errno.EBUSY, () -> fs.remount(readOnly));
      assertThat(fs.options()).startsWith("rw,");
      removed.close();
      image.clock.addAndGet(5);
      fs.remount(readOnly);
      assertThat(fs.options()).startsWith("ro,noatime,errors=continue,oldalloc");
      assertThat(superblock(image).state()).isEqualTo(Superblock.VALID_FS);
      assertThat(superblock(image).mtime()).isEqualTo(ImageFixture.BASE_SECOND + 5);
      image.assertClean();
      OnImage.assertErrno(Errno.EROFS, () -> fs.paths().mkdir("/d", 0755));
      OnImage.assertErrno(
          Errno.EROFS, () -> fs.paths().setTimes("/", OptionalLong.of(1), OptionalLong.of(1)));
      int count = superblock(image).mntCount();
      fs.remount(MountOptions.parse("rw,errors=remount-ro"));
      assertThat(superblock(image).mntCount()).isEqualTo(count + 1);
      assertThat(superblock(image).state()).isZero();
      fs.paths().mkdir("/d", 0755);
      assertThat(fs.options()).contains("errors=remount-ro").contains("dax,noreservation");
      fs.freeze();
      OnImage.assertErrno(Errno.EBUSY, () -> fs.remount(readOnly));
      fs.thaw();
      fs.unmount();
      image.assertClean();
    }
  }

  @Test
  void anErrorEndsAMountThatPanics() throws Exception {
    try (ImageFixture image = new ImageFixture("-b", "1024")) {
      Ext2FileSystem fs = mount(image, BASE + ",errors=panic");
      fs.paths().mkdir("/d", 0755);
      fs.unmount();
      GroupDescriptor group = new GroupDescriptor(image.region(), 2048);
      long root = new RawInode(image.region(), (group.inodeTable() << 10) + 256).block(0);
      // The length of the first entry of the root leads into the next block.
      image.region().putByte((root << 10) + 5, (byte) 8);
      Ext2FileSystem damaged = mount(image, BASE + ",errors=panic");
      assertThatThrownBy(() -> damaged.paths().stat("/d", true))
          .isInstanceOf(FileSystemPanic.class);
      assertThat(superblock(image).state()).isEqualTo(Superblock.ERROR_FS);
      byte[] before = Files.readAllBytes(image.extracted());
      assertThatThrownBy(damaged::sync).isInstanceOf(FileSystemPanic.class);
      assertThatThrownBy(() -> damaged.open("/x", 0102, 0)).isInstanceOf(FileSystemPanic.class);
      assertThatThrownBy(damaged::unmount).isInstanceOf(FileSystemPanic.class);
      assertThat(Arrays.equals(before, Files.readAllBytes(image.extracted()))).isTrue();
    }
  }
}
