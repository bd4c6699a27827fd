// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Names of every kind through the facade: what only a Java caller sees of them. */
class PathOperationsTest extends OnImage {
  private static final Credentials USER = Credentials.user(1000, 1000);

  @Test
  void aDirectoryIsReadInPieces() throws Exception {
    fs.paths().mkdir("/d", 0755);
    for (int i = 0; i < 50; i++) {
      fs.paths().symlink("x", "/d/" + "n".repeat(200) + i);
    }
    List<String> names = new ArrayList<>();
    try (OpenFile directory = fs.open("/d", 0200000, 0)) {
      List<DirectoryEntry> piece = directory.readDirectory(0, 7);
      while (!piece.isEmpty()) {
        assertThat(piece).hasSizeLessThanOrEqualTo(7);
        piece.forEach(entry -> names.add(entry.name()));
        piece = directory.readDirectory(piece.getLast().next(), 7);
      }
    }
    assertThat(names).hasSize(52).doesNotHaveDuplicates().startsWith(".", "..");
  }

  /** The position lies inside an entry that has grown over the next one meanwhile. */
  @Test
  void readingGoesOnBehindAnEntryThatWentMeanwhile() throws Exception {
    fs.paths().mkdir("/d", 0755);
    for (String name : List.of("a", "b", "c")) {
      fs.paths().symlink("x", "/d/" + name);
    }
    try (OpenFile directory = fs.open("/d", 0200000, 0)) {
      long behindA = directory.readDirectory(0, 3).getLast().next();
      fs.unlink("/d/b");
      assertThat(directory.readDirectory(behindA, 9))
          .map(DirectoryEntry::name)
          .containsExactly("c");
    }
  }

  @Test
  void aRemovedDirectoryThatIsOpenHasNoNames() throws Exception {
    fs.paths().mkdir("/d", 0755);
    try (OpenFile directory = fs.open("/d", 0200000, 0)) {
      fs.paths().rmdir("/d");
      assertThat(directory.stat().nlink()).isZero();
      assertErrno(Errno.ENOENT, () -> directory.readDirectory(0, 1));
    }
  }

  @Test
  void otherUsersMayDoWhatTheModesSay() throws Exception {
    PathOperations user = fs.paths(USER);
    fs.paths().mkdir("/private", 0700);
    fs.paths().mkdir("/public", 01777);
    assertErrno(Errno.EACCES, () -> user.mkdir("/mine", 0755));
    assertErrno(Errno.EACCES, () -> user.stat("/private/x", false));
    assertErrno(Errno.EACCES, () -> user.mkdir("/public/x", 0755));
    assertThat(fs.paths().stat("/private", false).uid()).isZero();
  }

  @Test
  void aDeviceHasItsNumbersInTheOldOrTheNewForm() throws Exception {
    fs.paths().mknod("/null", 020666, 1, 3);
    fs.paths().mknod("/large", 060600, 300, 70000);
    fs.paths().mknod("/pipe", 010644, 0, 0);
    fs.paths().mknod("/open", 0100666, 0, 0);
    try (OpenFile open = fs.open("/open", 2, 0)) {
      assertThat(open.stat().mode()).isEqualTo(0100644);
    }
    assertErrno(Errno.EPERM, () -> fs.paths().mknod("/d", 040755, 0, 0));
    assertErrno(Errno.EINVAL, () -> fs.paths().mknod("/l", 0120777, 0, 0));
    fs.sync();
    assertThat(image.debugfs("stat /null")).contains("Type: character special");
    assertThat(image.debugfs("stat /null")).contains("01:03");
    assertThat(image.debugfs("stat /large")).contains("300:70000");
    assertThat(image.debugfs("stat /pipe")).contains("Type: FIFO");
  }
}
