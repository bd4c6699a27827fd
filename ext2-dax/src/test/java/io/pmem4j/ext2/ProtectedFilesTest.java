// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.mm.AddressSpace.MAP_PRIVATE;
import static io.pmem4j.ext2.mm.AddressSpace.MAP_SHARED;
import static io.pmem4j.ext2.mm.AddressSpace.PROT_READ;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.ext2.mm.AddressSpace;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Immutable and append-only inodes, synchronous ones, links, and errors=remount-ro. */
class ProtectedFilesTest {
  private static final int READ_WRITE = 2;
  private static final int CREATE = 0100;
  private static final int TRUNCATE = 01000;
  private static final int APPEND = 02000;
  private static final int DIRECTORY = 0200000;
  private static final int NO_FOLLOW = 0400000;
  private static final int SYNC_FLAG = 0x8;
  private static final int IMMUTABLE_FLAG = 0x10;
  private static final int APPEND_FLAG = 0x20;
  private static final int FLAGS = 32;

  private static void assertErrno(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(Ext2Exception.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void anImmutableFileIsOnlyRead() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putInt(image.inode(image.ino("f")) + FLAGS, IMMUTABLE_FLAG);
      Ext2FileSystem fs = image.mount("");
      assertErrno(Errno.EPERM, () -> fs.open("/f", READ_WRITE, 0));
      assertErrno(Errno.EPERM, () -> fs.open("/f", 1 | APPEND, 0));
      assertErrno(Errno.EPERM, () -> fs.open("/f", TRUNCATE, 0));
      assertErrno(Errno.EPERM, () -> fs.unlink("/f"));
      try (OpenFile f = fs.open("/f", CREATE, 0644)) {
        assertThat(f.pread(0, new byte[10])).isEqualTo(5);
      }
    }
  }

  @Test
  void anAppendOnlyFileOnlyGrows() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putInt(image.inode(image.ino("f")) + FLAGS, APPEND_FLAG);
      Ext2FileSystem fs = image.mount("");
      assertErrno(Errno.EPERM, () -> fs.open("/f", READ_WRITE, 0));
      assertErrno(Errno.EPERM, () -> fs.open("/f", TRUNCATE, 0));
      assertErrno(Errno.EPERM, () -> fs.open("/f", READ_WRITE | APPEND | TRUNCATE, 0));
      assertErrno(Errno.EPERM, () -> fs.unlink("/f"));
      try (OpenFile f = fs.open("/f", READ_WRITE | APPEND, 0)) {
        assertThat(f.pwrite(0, new byte[] {9})).isEqualTo(1);
        assertThat(f.stat().size()).isEqualTo(6);
        assertErrno(Errno.EPERM, () -> f.truncate(9));
        assertErrno(Errno.EPERM, () -> f.fallocate(3, 0, 10));
        assertErrno(Errno.EOPNOTSUPP, () -> f.fallocate(1, 0, 10));
        AddressSpace mm = fs.newAddressSpace();
        assertErrno(Errno.EACCES, () -> mm.mmap(f.mappable(), 0, 4096, PROT_READ, MAP_SHARED));
        mm.mmap(f.mappable(), 0, 4096, PROT_READ, MAP_PRIVATE);
        mm.exit();
      }
    }
  }

  @Test
  void anImmutableDirectoryKeepsItsNamesAndAnAppendOnlyOneLosesNone() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putInt(image.inode(image.ino("d")) + FLAGS, IMMUTABLE_FLAG);
      Ext2FileSystem fs = image.mount("");
      assertErrno(Errno.EPERM, () -> fs.open("/d/new", CREATE | READ_WRITE, 0644));
      assertErrno(Errno.EPERM, () -> fs.unlink("/d/h"));
      fs.open("/d/h", CREATE | READ_WRITE, 0644).close();
      fs.unmount();
    }
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putInt(image.inode(image.ino("d")) + FLAGS, APPEND_FLAG);
      Ext2FileSystem fs = image.mount("");
      fs.open("/d/new", CREATE | READ_WRITE, 0644).close();
      assertErrno(Errno.EPERM, () -> fs.unlink("/d/new"));
      fs.unmount();
    }
  }

  @Test
  void aSynchronousFileWritesBackWhatWasStored() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putInt(image.inode(image.ino("f")) + FLAGS, SYNC_FLAG);
      Ext2FileSystem fs = image.mount("");
      try (OpenFile f = fs.open("/f", READ_WRITE, 0)) {
        fs.trace().drain();
        AddressSpace mm = fs.newAddressSpace();
        var m = mm.mmap(f.mappable(), 0, 4096, 3, MAP_SHARED);
        mm.store(m, 0, new byte[] {1});
        fs.trace().drain();
        f.pwrite(1, new byte[] {2});
        assertThat(fs.trace().drain().toString()).contains("dax_writeback_one");
        mm.exit();
      }
    }
  }

  @Test
  void linksAreFollowedUnlessAskedNotTo() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      Ext2FileSystem fs = image.mount("");
      for (String link : new String[] {"/s", "/t"}) {
        try (OpenFile h = fs.open(link, READ_WRITE, 0)) {
          assertThat(h.pread(0, new byte[10])).isEqualTo(5);
        }
        assertErrno(Errno.ELOOP, () -> fs.open(link, NO_FOLLOW, 0));
        assertErrno(Errno.ENOTDIR, () -> fs.open(link, NO_FOLLOW | DIRECTORY, 0));
        assertErrno(Errno.ENOTDIR, () -> fs.open(link + "/", 0, 0));
        assertErrno(Errno.ENOTDIR, () -> fs.open(link + "/x", 0, 0));
        assertErrno(Errno.EEXIST, () -> fs.open(link, CREATE | 0200 | READ_WRITE, 0644));
        fs.unlink(link);
        assertErrno(Errno.ENOENT, () -> fs.open(link, 0, 0));
      }
      fs.unmount();
    }
  }

  @Test
  void aLinkToItselfEnds() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      int target = image.inode(image.ino("s")) + 40;
      image.bytes.put(target, (byte) 's').put(target + 1, (byte) 0);
      Ext2FileSystem fs = image.mount("");
      assertErrno(Errno.ELOOP, () -> fs.open("/s", 0, 0));
      assertErrno(Errno.ELOOP, () -> fs.open("/s/x", 0, 0));
      fs.unmount();
    }
  }

  @Test
  void anErrorMakesTheMountReadOnlyIfAskedTo() throws Exception {
    for (String options : new String[] {",errors=remount-ro", ""}) {
      try (ModifiedImage image = new ModifiedImage()) {
        // s_errors 2 is EXT2_ERRORS_RO, which the option would override.
        image.bytes.putShort(ModifiedImage.SUPERBLOCK + 60, (short) (options.isEmpty() ? 2 : 1));
        // A bit of the inode that is freed is clear already.
        int bitmap = image.bytes.getInt(ModifiedImage.BLOCK + 4) * ModifiedImage.BLOCK;
        int bit = image.ino("f") - 1;
        image.bytes.put(
            bitmap + bit / 8, (byte) (image.bytes.get(bitmap + bit / 8) & ~(1 << bit % 8)));
        Ext2FileSystem fs = image.mount(options);
        OpenFile g = fs.open("/g", READ_WRITE, 0);
        long mtime = g.stat().mtime();
        fs.unlink("/f");
        assertThat(fs.errors()).hasSize(1);
        assertErrno(Errno.EROFS, () -> fs.open("/g", READ_WRITE, 0));
        assertErrno(Errno.EROFS, () -> fs.open("/new", CREATE | READ_WRITE, 0644));
        assertErrno(Errno.EROFS, () -> fs.open("/g", TRUNCATE, 0));
        assertErrno(Errno.EROFS, () -> fs.unlink("/g"));
        assertErrno(Errno.EROFS, () -> fs.unlink("/none"));
        fs.open("/g", CREATE, 0644).close();
        // A file that was open for writing before is still written to, without new times.
        assertThat(g.pwrite(0, new byte[] {1})).isEqualTo(1);
        assertThat(g.stat().mtime()).isEqualTo(mtime);
        g.close();
        fs.sync();
        fs.unmount();
      }
    }
  }

  @Test
  void anErrorChangesNothingElseWithErrorsContinue() throws Exception {
    try (ModifiedImage image = new ModifiedImage()) {
      image.bytes.putShort(ModifiedImage.SUPERBLOCK + 60, (short) 2);
      int bitmap = image.bytes.getInt(ModifiedImage.BLOCK + 4) * ModifiedImage.BLOCK;
      image.bytes.putLong(bitmap, 0x7ff);
      Ext2FileSystem fs = image.mount(",errors=continue");
      fs.unlink("/f");
      assertThat(fs.errors()).hasSize(1);
      fs.open("/g", READ_WRITE, 0).close();
      fs.unmount();
    }
  }
}
