// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Extended attributes: their block, its sharing, and permissions. Judged by debugfs and e2fsck. */
class ExtendedAttributesTest {
  private static final int CREATE = 1;
  private static final int REPLACE = 2;
  private static final int O_CREAT = 0102;
  private static final int SYMLINK_MODE = 0777;

  /** The flag of chattr +S. */
  private static final int SYNC = 8;

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void set(PathOperations paths, String path, String name, String value)
      throws IOException {
    paths.setXattr(path, ascii(name), ascii(value), 0, false);
  }

  private static String get(PathOperations paths, String path, String name) throws IOException {
    return new String(paths.getXattr(path, ascii(name), false), StandardCharsets.US_ASCII);
  }

  private static List<String> list(PathOperations paths, String path) throws IOException {
    return paths.listXattr(path, false).stream()
        .map(name -> new String(name, StandardCharsets.US_ASCII))
        .toList();
  }

  private static void assertErrno(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(Ext2Exception.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private interface Body {
    void run(ImageFixture image, Ext2FileSystem fs, PathOperations paths) throws Exception;
  }

  /** Runs over a new image with the files a and b, which e2fsck must find clean afterwards. */
  private static void onImage(Body body, String... mke2fsOptions) throws Exception {
    try (ImageFixture image = new ImageFixture(mke2fsOptions)) {
      Ext2FileSystem fs = image.mount();
      fs.open("/a", O_CREAT, 0644).close();
      fs.open("/b", O_CREAT, 0644).close();
      body.run(image, fs, fs.paths());
      fs.unmount();
      assertThat(fs.errors()).isEmpty();
      image.assertClean();
    }
  }

  private static long block(ImageFixture image, String path) throws IOException {
    Matcher found = Pattern.compile("File ACL: (\\d+)").matcher(image.debugfs("stat " + path));
    assertThat(found.find()).isTrue();
    return Long.parseLong(found.group(1));
  }

  private static int refcount(ImageFixture image, String path) throws IOException {
    return image
        .region()
        .segment()
        .get(java.lang.foreign.ValueLayout.JAVA_INT, block(image, path) * 4096 + 4);
  }

  @Test
  void debugfsReadsWhatWasSet() throws Exception {
    onImage((image, fs, paths) -> {
      set(paths, "/a", "user.long.name", "x".repeat(100));
      set(paths, "/a", "user.b", "two");
      set(paths, "/a", "trusted.t", "");
      set(paths, "/a", "security.s", "three");
      assertThat(list(paths, "/a"))
          .containsExactly("user.b", "user.long.name", "trusted.t", "security.s");
      fs.sync();
      assertThat(image.debugfs("ea_list /a"))
          .contains("user.b (3) = \"two\"")
          .contains("user.long.name (100)")
          .contains("trusted.t (0)")
          .contains("security.s (5) = \"three\"");
      assertThat(image.debugfs("ea_get /a user.long.name")).contains("x".repeat(100));
    });
  }

  @Test
  void createAndReplaceSeeTheAttribute() throws Exception {
    onImage((image, fs, paths) -> {
      assertErrno(
          Errno.ENODATA, () -> paths.setXattr("/a", ascii("user.x"), ascii("1"), REPLACE, true));
      paths.setXattr("/a", ascii("user.x"), ascii("1"), CREATE, true);
      assertErrno(
          Errno.EEXIST, () -> paths.setXattr("/a", ascii("user.x"), ascii("2"), CREATE, true));
      paths.setXattr("/a", ascii("user.x"), ascii("longer than four"), REPLACE, true);
      assertThat(get(paths, "/a", "user.x")).isEqualTo("longer than four");
      paths.removeXattr("/a", ascii("user.x"), true);
      assertErrno(Errno.ENODATA, () -> paths.getXattr("/a", ascii("user.x"), true));
      assertErrno(Errno.ENODATA, () -> paths.removeXattr("/a", ascii("user.x"), true));
      assertThat(list(paths, "/a")).isEmpty();
      assertThat(paths.stat("/a", true).blocks512()).isZero();
    });
  }

  @Test
  void valuesMoveAndStayWhatTheyAre() throws Exception {
    onImage((image, fs, paths) -> {
      for (int i = 0; i < 40; i++) {
        set(paths, "/a", "user.n" + i % 7, ("v" + i).repeat(i % 5 * 9));
        if (i % 3 == 2) {
          paths.removeXattr("/a", ascii("user.n" + (i - 1) % 7), true);
        }
      }
      for (int n = 0; n < 7; n++) {
        int last = n == 3 ? 38 : -1;
        for (int i = 0; i < 40; i++) {
          last = i % 7 == n ? i : last;
          last = i % 3 == 2 && (i - 1) % 7 == n ? -1 : last;
        }
        int name = n;
        if (last < 0) {
          assertErrno(Errno.ENODATA, () -> get(paths, "/a", "user.n" + name));
        } else {
          assertThat(get(paths, "/a", "user.n" + n)).isEqualTo(("v" + last).repeat(last % 5 * 9));
        }
      }
    });
  }

  @Test
  void equalAttributesShareABlockUntilOneChanges() throws Exception {
    onImage((image, fs, paths) -> {
      long free = fs.use().freeBlocks();
      for (String file : List.of("/a", "/b")) {
        set(paths, file, "user.x", "1");
        set(paths, file, "user.y", "2");
        assertThat(paths.stat(file, true).blocks512()).isEqualTo(8);
      }
      fs.sync();
      assertThat(fs.use().freeBlocks()).isEqualTo(free - 1);
      assertThat(block(image, "/a")).isEqualTo(block(image, "/b"));
      assertThat(refcount(image, "/a")).isEqualTo(2);
      set(paths, "/b", "user.y", "3");
      fs.sync();
      assertThat(block(image, "/a")).isNotEqualTo(block(image, "/b"));
      assertThat(refcount(image, "/a")).isEqualTo(1);
      assertThat(get(paths, "/a", "user.y")).isEqualTo("2");
      set(paths, "/b", "user.y", "2");
      assertThat(fs.use().freeBlocks()).isEqualTo(free - 1);
      fs.unlink("/a");
      assertThat(fs.use().freeBlocks()).isEqualTo(free - 1);
      fs.unlink("/b");
      assertThat(fs.use().freeBlocks()).isEqualTo(free);
    });
  }

  @Test
  void aBlockHasAtMost1025References() throws Exception {
    onImage(
        (image, fs, paths) -> {
          for (int i = 0; i < 1030; i++) {
            fs.open("/f" + i, O_CREAT, 0644).close();
            set(paths, "/f" + i, "user.x", "1");
          }
          fs.sync();
          // The kernel looks for more than 1,024 before it adds one.
          assertThat(refcount(image, "/f0")).isEqualTo(1025);
          assertThat(refcount(image, "/f1029")).isEqualTo(5);
        },
        "-N",
        "2048");
  }

  @Test
  void aFullBlockRefuses() throws Exception {
    onImage((image, fs, paths) -> {
      int most = 4096 - 32 - 4 - 20;
      assertErrno(Errno.ENOSPC, () -> set(paths, "/a", "user.x", "1".repeat(most + 1)));
      set(paths, "/a", "user.x", "1".repeat(most));
      assertErrno(Errno.ENOSPC, () -> set(paths, "/a", "user.y", ""));
      assertErrno(Errno.ERANGE, () -> set(paths, "/a", "user.x", "1".repeat(4097)));
      assertErrno(Errno.E2BIG, () -> set(paths, "/a", "user.x", "1".repeat(65537)));
      assertErrno(Errno.ERANGE, () -> set(paths, "/a", "user." + "x".repeat(251), ""));
      assertErrno(Errno.ERANGE, () -> set(paths, "/a", "", ""));
      assertErrno(Errno.EINVAL, () -> set(paths, "/a", "user.", ""));
      assertErrno(Errno.EOPNOTSUPP, () -> set(paths, "/a", "other.x", ""));
      assertErrno(Errno.EINVAL, () -> paths.setXattr("/a", ascii("user.z"), ascii(""), 4, true));
    });
  }

  /** A block shared by the two inodes needs another when one of them changes. */
  @Test
  void aFullVolumeRefusesABlockAndLeaksNone() throws Exception {
    onImage((image, fs, paths) -> {
      set(paths, "/a", "user.x", "1");
      set(paths, "/b", "user.x", "1");
      fs.open("/c", O_CREAT, 0644).close();
      try (OpenFile pad = fs.open("/pad", O_CREAT, 0644)) {
        fillVolume(pad);
        FileSystemUse full = fs.use();
        assertThat(full.freeBlocks()).isZero();
        assertErrno(Errno.ENOSPC, () -> set(paths, "/c", "user.x", "2"));
        assertErrno(Errno.ENOSPC, () -> set(paths, "/a", "user.y", "2"));
        assertErrno(Errno.ENOSPC, () -> set(paths, "/b", "user.x", "2"));
        assertThat(list(paths, "/c")).isEmpty();
        assertThat(list(paths, "/a")).containsExactly("user.x");
        assertThat(get(paths, "/b", "user.x")).isEqualTo("1");
        assertThat(paths.stat("/c", true).blocks512()).isZero();
        assertThat(paths.stat("/a", true).blocks512()).isEqualTo(8);
        assertThat(fs.use()).isEqualTo(full);
        // Equal attributes share the block, which takes none; one user less frees none.
        set(paths, "/c", "user.x", "1");
        paths.removeXattr("/b", ascii("user.x"), true);
        assertThat(fs.use()).isEqualTo(full);
        paths.removeXattr("/c", ascii("user.x"), true);
        set(paths, "/a", "user.x", "in its own block");
        assertThat(fs.use()).isEqualTo(full);
        pad.truncate(0);
      }
      set(paths, "/c", "user.x", "2");
      assertThat(get(paths, "/c", "user.x")).isEqualTo("2");
    });
  }

  private static void fillVolume(OpenFile pad) throws Exception {
    byte[] piece = new byte[1 << 20];
    long at = 0;
    try {
      while (true) {
        at += pad.pwrite(at, piece);
      }
    } catch (Ext2Exception full) {
      assertThat(full.errno()).isEqualTo(Errno.ENOSPC);
    }
  }

  @Test
  void mayBeReadAndSetByThoseWhoMay() throws Exception {
    onImage((image, fs, paths) -> {
      set(paths, "/a", "user.x", "1");
      set(paths, "/a", "trusted.x", "1");
      set(paths, "/a", "security.x", "1");
      PathOperations user = fs.paths(Credentials.user(1000, 1000));
      assertThat(list(user, "/a")).containsExactly("user.x", "security.x");
      assertThat(get(user, "/a", "user.x")).isEqualTo("1");
      assertThat(get(user, "/a", "security.x")).isEqualTo("1");
      assertErrno(Errno.ENODATA, () -> get(user, "/a", "trusted.x"));
      assertErrno(Errno.EACCES, () -> set(user, "/a", "user.x", "2"));
      assertErrno(Errno.EPERM, () -> set(user, "/a", "trusted.x", "2"));
      assertErrno(Errno.EPERM, () -> set(user, "/a", "security.x", "2"));
      paths.chmod("/a", 0600);
      assertErrno(Errno.EACCES, () -> get(user, "/a", "user.x"));
      paths.mkdir("/d", 0777);
      paths.chmod("/d", 01777);
      assertErrno(Errno.EPERM, () -> set(user, "/d", "user.x", "2"));
      paths.symlink("a", "/l");
      assertErrno(Errno.EPERM, () -> set(paths, "/l", "user.x", "2"));
      set(paths, "/l", "trusted.x", "of the link");
      assertThat(get(paths, "/l", "trusted.x")).isEqualTo("of the link");
      assertThat(new String(paths.readlink("/l"), StandardCharsets.US_ASCII)).isEqualTo("a");
      assertThat(paths.stat("/l", false).mode() & 0777).isEqualTo(SYMLINK_MODE);
    });
  }

  @Test
  void programsHaveCapabilitiesInOneOfTwoFormats() throws Exception {
    onImage((image, fs, paths) -> {
      byte[] two = new byte[20];
      two[3] = 2;
      byte[] name = ascii("security.capability");
      paths.setXattr("/a", name, two, 0, true);
      assertThat(paths.getXattr("/a", name, true)).isEqualTo(two);
      assertErrno(Errno.EINVAL, () -> paths.setXattr("/a", name, new byte[20], 0, true));
      assertErrno(Errno.EINVAL, () -> paths.setXattr("/a", name, new byte[3], 0, true));
      PathOperations administrator =
          fs.paths(new Credentials(0, 0, Set.of(), EnumSet.of(Capability.SYS_ADMIN)));
      assertErrno(Errno.EPERM, () -> administrator.setXattr("/a", name, two, 0, true));
      assertErrno(Errno.EPERM, () -> administrator.removeXattr("/a", name, true));
    });
  }

  @Test
  void theFirstBlockSetsTheFeature() throws Exception {
    onImage(
        (image, fs, paths) -> {
          assertThat(image.debugfs("stats -h")).doesNotContain("ext_attr");
          set(paths, "/a", "user.x", "1");
          fs.sync();
          assertThat(image.debugfs("stats -h")).contains("ext_attr");
        },
        "-O",
        "^ext_attr");
  }

  @Test
  void removedFilesAndDirectoriesGiveTheirBlocksBack() throws Exception {
    onImage((image, fs, paths) -> {
      long free = fs.use().freeBlocks();
      paths.mkdir("/d", 0755);
      paths.mknod("/p", 0010644, 0, 0);
      paths.symlink("x".repeat(100), "/l");
      for (String path : List.of("/d", "/p", "/l")) {
        set(paths, path, "trusted.x", path);
      }
      paths.rmdir("/d");
      fs.unlink("/p");
      fs.unlink("/l");
      set(paths, "/a", "user.x", "a");
      paths.rename("/b", "/a", 0);
      assertThat(fs.use().freeBlocks()).isEqualTo(free);
    });
  }

  /**
   * Linux 5.10 does not mark the inode for it: the new ctime is in memory alone. The first
   * attribute of {@code /b} has written its inode out, which the medium had never seen.
   */
  @Test
  void anAttributeOfASyncedFileThatStaysInItsBlockLeavesTheOldTimeOnTheMedium() throws Exception {
    AtomicLong clock = new AtomicLong(1000);
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(), image.options(), image.instrumentation().withClock(clock::get));
      for (String path : List.of("/a", "/b")) {
        fs.open(path, O_CREAT, 0644).close();
        fs.paths().setFlags(path, SYNC);
        set(fs.paths(), path, "user.x", "of " + path);
        if (path.equals("/a")) {
          fs.sync();
        }
      }
      clock.set(2000);
      for (String path : List.of("/a", "/b")) {
        set(fs.paths(), path, "user.x", path);
        assertThat(fs.paths().stat(path, false).ctime()).isEqualTo(2000);
      }
      fs.unmount();
      fs = image.mount();
      for (String path : List.of("/a", "/b")) {
        assertThat(get(fs.paths(), path, "user.x")).isEqualTo(path);
        assertThat(fs.paths().stat(path, false).ctime()).as(path).isEqualTo(1000);
      }
      fs.unmount();
      image.assertClean();
    }
  }

  @Test
  void whatDebugfsHasSetIsReadAndShared() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      for (String file : List.of("/a", "/b")) {
        fs.open(file, O_CREAT, 0644).close();
        set(fs.paths(), file, "user.x", "some value");
      }
      fs.unmount();
      fs = image.mount();
      // The kernel forgets what may be shared with the mount; a block that was read is known.
      assertThat(get(fs.paths(), "/a", "user.x")).isEqualTo("some value");
      fs.open("/c", O_CREAT, 0644).close();
      set(fs.paths(), "/c", "user.x", "some value");
      fs.sync();
      assertThat(refcount(image, "/c")).isEqualTo(3);
      fs.unmount();
      image.assertClean();
    }
  }
}
