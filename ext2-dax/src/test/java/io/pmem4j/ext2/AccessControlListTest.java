// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Access control lists: permissions, the mode, inheritance, and their form on the medium. */
class AccessControlListTest {
  private static final String ACCESS = "system.posix_acl_access";
  private static final String DEFAULT = "system.posix_acl_default";
  private static final int USER_OBJ = 1;
  private static final int USER = 2;
  private static final int GROUP_OBJ = 4;
  private static final int GROUP = 8;
  private static final int MASK = 16;
  private static final int OTHER = 32;
  private static final int O_CREAT = 0102;

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The value of setxattr(2), of triples tag, permissions, id. */
  private static byte[] acl(int... entries) {
    ByteBuffer value =
        ByteBuffer.allocate(4 + entries.length / 3 * 8).order(ByteOrder.LITTLE_ENDIAN).putInt(2);
    for (int i = 0; i < entries.length; i += 3) {
      value.putShort((short) entries[i]).putShort((short) entries[i + 1]).putInt(entries[i + 2]);
    }
    return value.array();
  }

  private static void set(PathOperations paths, String path, String name, byte[] acl)
      throws IOException {
    paths.setXattr(path, ascii(name), acl, 0, false);
  }

  private static byte[] get(PathOperations paths, String path, String name) throws IOException {
    return paths.getXattr(path, ascii(name), false);
  }

  private static void assertErrno(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(Ext2Exception.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private interface Body {
    void run(ImageFixture image, Ext2FileSystem fs, PathOperations paths) throws Exception;
  }

  private static void onImage(String options, Body body) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      MountOptions with = MountOptions.parse("dax,oldalloc,noatime,noreservation" + options);
      Ext2FileSystem fs = Ext2FileSystem.mount(image.region(), with, image.instrumentation());
      fs.open("/a", O_CREAT, 0640).close();
      body.run(image, fs, fs.paths());
      fs.unmount();
      assertThat(fs.errors()).isEmpty();
      image.assertClean();
    }
  }

  private static final byte[] READER =
      acl(
          USER_OBJ, 6, -1, USER, 6, 1000, GROUP_OBJ, 4, -1, GROUP, 6, 2000, MASK, 4, -1, OTHER, 0,
          -1);

  @Test
  void theMaskLimitsUsersAndGroups() throws Exception {
    onImage(
        "",
        (image, fs, paths) -> {
          set(paths, "/a", ACCESS, READER);
          assertThat(get(paths, "/a", ACCESS)).isEqualTo(READER);
          assertThat(paths.stat("/a", false).mode() & 0777).isEqualTo(0640);
          PathOperations user = fs.paths(Credentials.user(1000, 1000));
          user.access("/a", 4);
          assertErrno(Errno.EACCES, () -> user.access("/a", 2));
          PathOperations member = fs.paths(new Credentials(1, 1, Set.of(2000), Set.of()));
          member.access("/a", 4);
          assertErrno(Errno.EACCES, () -> member.access("/a", 2));
          PathOperations owningGroup = fs.paths(Credentials.user(1, 0));
          owningGroup.access("/a", 4);
          assertErrno(Errno.EACCES, () -> fs.paths(Credentials.user(1, 1)).access("/a", 4));
          paths.chmod("/a", 0664);
          user.access("/a", 6);
          member.access("/a", 6);
          assertErrno(Errno.EACCES, () -> owningGroup.access("/a", 2));
          fs.sync();
          // On the medium: version 1, and no id where there is none.
          assertThat(image.debugfs("ea_list /a")).contains("system.posix_acl_access (36)");
        });
  }

  @Test
  void aListThatAModeCanSayIsTheMode() throws Exception {
    onImage(
        "",
        (image, fs, paths) -> {
          set(paths, "/a", ACCESS, READER);
          set(paths, "/a", ACCESS, acl(USER_OBJ, 7, -1, GROUP_OBJ, 5, -1, OTHER, 1, -1));
          assertThat(paths.stat("/a", false).mode() & 0777).isEqualTo(0751);
          assertThat(paths.stat("/a", false).blocks512()).isZero();
          assertErrno(Errno.ENODATA, () -> get(paths, "/a", ACCESS));
          assertThat(paths.listXattr("/a", false)).isEmpty();
        });
  }

  @Test
  void impossibleListsAreRefused() throws Exception {
    onImage(
        "",
        (image, fs, paths) -> {
          byte[] noMask = acl(USER_OBJ, 6, -1, USER, 6, 1000, GROUP_OBJ, 4, -1, OTHER, 0, -1);
          byte[] twoOwners = acl(USER_OBJ, 6, -1, USER_OBJ, 6, -1, GROUP_OBJ, 4, -1, OTHER, 0, -1);
          byte[] noOthers = acl(USER_OBJ, 6, -1, GROUP_OBJ, 4, -1);
          byte[] bits = acl(USER_OBJ, 8, -1, GROUP_OBJ, 4, -1, OTHER, 0, -1);
          byte[] tag = acl(USER_OBJ, 6, -1, 64, 4, -1, OTHER, 0, -1);
          byte[] cut = java.util.Arrays.copyOf(READER, READER.length - 1);
          for (byte[] each : new byte[][] {noMask, twoOwners, noOthers, bits, tag, cut, {}}) {
            assertErrno(Errno.EINVAL, () -> set(paths, "/a", ACCESS, each));
          }
          assertErrno(Errno.EOPNOTSUPP, () -> set(paths, "/a", ACCESS, new byte[] {1, 0, 0, 0}));
          assertErrno(Errno.EACCES, () -> set(paths, "/a", DEFAULT, READER));
          PathOperations user = fs.paths(Credentials.user(1000, 1000));
          assertErrno(Errno.EPERM, () -> set(user, "/a", ACCESS, READER));
          paths.symlink("a", "/l");
          assertErrno(Errno.EOPNOTSUPP, () -> set(paths, "/l", ACCESS, READER));
          assertErrno(Errno.EOPNOTSUPP, () -> get(paths, "/l", ACCESS));
        });
  }

  @Test
  void whatIsMadeInADirectoryInherits() throws Exception {
    onImage(
        "",
        (image, fs, paths) -> {
          byte[] inherited =
              acl(USER_OBJ, 7, -1, USER, 7, 1000, GROUP_OBJ, 5, -1, MASK, 7, -1, OTHER, 5, -1);
          paths.mkdir("/d", 0755);
          set(paths, "/d", DEFAULT, inherited);
          fs.open("/d/f", O_CREAT, 0666).close();
          paths.mkdir("/d/sub", 0777);
          paths.symlink("x", "/d/l");
          // Not the umask of 022, but what the list and the mode allow.
          assertThat(paths.stat("/d/f", false).mode() & 0777).isEqualTo(0664);
          assertThat(get(paths, "/d/f", ACCESS))
              .isEqualTo(
                  acl(USER_OBJ, 6, -1, USER, 7, 1000, GROUP_OBJ, 5, -1, MASK, 6, -1, OTHER, 4, -1));
          assertErrno(Errno.ENODATA, () -> get(paths, "/d/f", DEFAULT));
          assertThat(get(paths, "/d/sub", DEFAULT)).isEqualTo(inherited);
          assertThat(get(paths, "/d/sub", ACCESS)).isEqualTo(inherited);
          assertThat(paths.stat("/d/sub", false).mode() & 0777).isEqualTo(0775);
          assertThat(paths.stat("/d/l", false).blocks512()).isZero();
          paths.mkdir("/plain", 0777);
          assertThat(paths.stat("/plain", false).mode() & 0777).isEqualTo(0755);
        });
  }

  @Test
  void aMountWithoutListsTakesTheModeAlone() throws Exception {
    onImage(
        ",noacl,nouser_xattr",
        (image, fs, paths) -> {
          assertErrno(Errno.EOPNOTSUPP, () -> set(paths, "/a", ACCESS, READER));
          assertErrno(
              Errno.EOPNOTSUPP, () -> paths.setXattr("/a", ascii("user.x"), READER, 0, true));
          paths.mkdir("/plain", 0777);
          assertThat(paths.stat("/plain", false).mode() & 0777).isEqualTo(0755);
        });
  }

  @Test
  void aWriteTakesTheCapabilitiesOfAProgram() throws Exception {
    onImage(
        "",
        (image, fs, paths) -> {
          byte[] capabilities = new byte[20];
          capabilities[3] = 2;
          byte[] name = ascii("security.capability");
          try (OpenFile a = fs.open("/a", O_CREAT, 0)) {
            a.pwrite(0, new byte[5]);
            paths.setXattr("/a", name, capabilities, 0, true);
            a.pwrite(0, new byte[1]);
            assertErrno(Errno.ENODATA, () -> paths.getXattr("/a", name, true));
            paths.setXattr("/a", name, capabilities, 0, true);
            a.truncate(2);
            assertErrno(Errno.ENODATA, () -> paths.getXattr("/a", name, true));
            paths.setXattr("/a", name, capabilities, 0, true);
            paths.chown("/a", 1, -1);
            assertErrno(Errno.ENODATA, () -> paths.getXattr("/a", name, true));
          }
        });
  }
}
