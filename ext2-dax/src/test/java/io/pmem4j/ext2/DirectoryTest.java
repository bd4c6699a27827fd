// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Names in the root directory: places, errors, what debugfs sees. */
class DirectoryTest extends OnImage {
  private void create(String name) throws Exception {
    fs.open(name, O_RDWR_CREAT, 0644).close();
  }

  @Test
  void openAnswersAsTheKernel() throws Exception {
    assertErrno(Errno.ENOENT, () -> fs.open("/none", 2, 0));
    assertErrno(Errno.ENOENT, () -> fs.open("", 2, 0));
    assertErrno(Errno.EEXIST, () -> fs.open("/f", 0302, 0644));
    assertErrno(Errno.EISDIR, () -> fs.open("/", 2, 0));
    assertErrno(Errno.EISDIR, () -> fs.open("/lost+found", 2, 0));
    assertErrno(Errno.ENOTDIR, () -> fs.open("/f/below", 2, 0));
    assertErrno(Errno.ENOTDIR, () -> fs.open("/f/", 2, 0));
    assertErrno(Errno.EISDIR, () -> fs.open("/g/", O_RDWR_CREAT, 0644));
    assertErrno(Errno.ENOTDIR, () -> fs.unlink("/f/"));
    assertErrno(Errno.EINVAL, () -> fs.open("/a\0b", 2, 0));
    assertErrno(Errno.ENAMETOOLONG, () -> fs.open("/" + "n".repeat(256), O_RDWR_CREAT, 0644));
    create("/" + "n".repeat(255));
    create("/lost+found/inside");
    fs.unlink("/lost+found/inside");
    assertErrno(Errno.ENOENT, () -> fs.unlink("/none"));
    assertErrno(Errno.EISDIR, () -> fs.unlink("/lost+found"));
  }

  @Test
  void deletedEntriesAreMergedAndTheirPlaceIsTakenAgain() throws Exception {
    create("/aaaa");
    create("/bbbbbbbbbbbb");
    create("/cccc");
    fs.unlink("/bbbbbbbbbbbb");
    create("/dd");
    assertErrno(Errno.ENOENT, () -> fs.open("/bbbbbbbbbbbb", 2, 0));
    fs.sync();
    String listing = image.debugfs("ls -d /");
    assertThat(listing.indexOf("dd")).isBetween(listing.indexOf("aaaa"), listing.indexOf("cccc"));
  }

  @Test
  void aDirectoryGrowsByBlocks() throws Exception {
    for (int i = 0; i < 60; i++) {
      create("/" + "x".repeat(200) + i);
    }
    assertErrno(Errno.EEXIST, () -> fs.open("/" + "x".repeat(200) + 59, 0302, 0644));
    for (int i = 0; i < 60; i += 2) {
      fs.unlink("/" + "x".repeat(200) + i);
    }
    assertErrno(Errno.ENOENT, () -> fs.open("/" + "x".repeat(200) + 58, 2, 0));
    fs.open("/" + "x".repeat(200) + 59, 2, 0).close();
  }

  @Test
  void creatingAndUnlinkingSetTheTimesOfTheDirectory() throws Exception {
    image.clock.addAndGet(5);
    create("/g");
    image.clock.addAndGet(5);
    fs.unlink("/g");
    fs.sync();
    String stamp = "0x%08x".formatted(ImageFixture.BASE_SECOND + 10);
    assertThat(image.debugfs("stat /")).contains("mtime: " + stamp).contains("ctime: " + stamp);
    assertThat(image.debugfs("stat /"))
        .contains("atime: 0x%08x".formatted(ImageFixture.BASE_SECOND));
  }

  @Test
  void openWithTruncEmptiesTheFileAndSetsItsTimes() throws Exception {
    f.pwrite(0, bytes(3 * P, 1));
    image.clock.addAndGet(3);
    fs.open("/f", 01002, 0).close();
    assertThat(f.stat().size()).isZero();
    assertThat(f.stat().blocks512()).isZero();
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND + 3);
  }

  @Test
  void aDeletedInodeKeepsWhatItHadAndGetsItsDeletionTime() throws Exception {
    int ino;
    try (OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
      g.pwrite(0, bytes(P + 1, 1));
      ino = g.stat().ino();
    }
    image.clock.addAndGet(1);
    fs.unlink("/g");
    fs.sync();
    assertThat(image.debugfs("stat <" + ino + ">"))
        .contains("Links: 0")
        .contains("Blockcount: 16")
        .contains("Size: 4097")
        .contains("dtime: 0x%08x".formatted(ImageFixture.BASE_SECOND + 1));
  }
}
