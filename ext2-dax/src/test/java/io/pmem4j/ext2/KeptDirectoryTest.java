// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Removed directories live as long as what is open in them, as the dentries of Linux hold their
 * {@code d_parent}. The shipped program {@code kept-directories} asks the kernel the same.
 */
class KeptDirectoryTest extends OnImage {
  private static final int READ_WRITE = 2;
  private static final int DIRECTORY = 0200000;
  private static final int CREATE = 0102;
  private static final int TEMPORARY = 020200002;

  private long before;

  @BeforeEach
  void count() throws Exception {
    before = fs.use().freeFiles();
  }

  private void assertInUse(int inodes) throws Exception {
    assertThat(before - fs.use().freeFiles()).as("inodes in use").isEqualTo(inodes);
  }

  @Test
  void anUnlinkedFileKeepsItsDirectory() throws Exception {
    fs.paths().mkdir("/d", 0755);
    OpenFile file = fs.open("/d/f", CREATE, 0644);
    OpenFile again = fs.open("/d/f", READ_WRITE, 0);
    fs.unlink("/d/f");
    fs.paths().rmdir("/d");
    assertInUse(2);
    file.close();
    assertInUse(2);
    again.close();
    assertInUse(0);
  }

  @Test
  void aFileWithoutANameKeepsTheDirectoryItWasMadeIn() throws Exception {
    fs.paths().mkdir("/d", 0755);
    OpenFile file = fs.open("/d", TEMPORARY, 0644);
    fs.paths().rmdir("/d");
    assertInUse(2);
    file.close();
    assertInUse(0);
  }

  @Test
  void aDirectoryIsFreeOfAFileThatWasRenamedAway() throws Exception {
    fs.paths().mkdir("/from", 0755);
    fs.paths().mkdir("/to", 0755);
    OpenFile file = fs.open("/from/f", CREATE, 0644);
    fs.paths().rename("/from/f", "/to/g", 0);
    fs.paths().rmdir("/from");
    assertInUse(2);
    fs.unlink("/to/g");
    fs.paths().rmdir("/to");
    assertInUse(2);
    file.close();
    assertInUse(0);
  }

  /** One inode and two directories, each opened by the name there. */
  @Test
  void theNameThatAFileWasOpenedByCounts() throws Exception {
    fs.paths().mkdir("/one", 0755);
    fs.paths().mkdir("/two", 0755);
    OpenFile byOne = fs.open("/one/f", CREATE, 0644);
    fs.paths().link("/one/f", "/two/f");
    OpenFile byTwo = fs.open("/two/f", READ_WRITE, 0);
    fs.unlink("/one/f");
    fs.unlink("/two/f");
    fs.paths().rmdir("/one");
    fs.paths().rmdir("/two");
    assertInUse(3);
    byTwo.close();
    assertInUse(2);
    byOne.close();
    assertInUse(0);
  }

  /**
   * The name is another's: the first file no longer follows it, and closing that changes nothing.
   */
  @Test
  void aNameThatWasGivenAgainIsAnother() throws Exception {
    fs.paths().mkdir("/d", 0755);
    OpenFile first = fs.open("/d/f", CREATE, 0644);
    fs.unlink("/d/f");
    OpenFile second = fs.open("/d/f", CREATE, 0644);
    first.close();
    fs.paths().rename("/d/f", "/g", 0);
    fs.paths().rmdir("/d");
    assertInUse(1);
    second.close();
    fs.unlink("/g");
    assertInUse(0);
  }

  @Test
  void aFileThatARenameReplacedKeepsItsDirectory() throws Exception {
    fs.paths().mkdir("/d", 0755);
    OpenFile victim = fs.open("/d/f", CREATE, 0644);
    OpenFile mover = fs.open("/g", CREATE, 0644);
    fs.paths().rename("/g", "/d/f", 0);
    fs.paths().rename("/d/f", "/g", 0);
    fs.paths().rmdir("/d");
    fs.unlink("/g");
    assertInUse(3);
    mover.close();
    assertInUse(2);
    victim.close();
    assertInUse(0);
  }

  @Test
  void aReplacedDirectoryKeepsTheOneAbove() throws Exception {
    fs.paths().mkdir("/p", 0755);
    fs.paths().mkdir("/p/a", 0755);
    fs.paths().mkdir("/p/b", 0755);
    OpenFile replaced = fs.open("/p/b", DIRECTORY, 0);
    fs.paths().rename("/p/a", "/p/b", 0);
    fs.paths().rmdir("/p/b");
    fs.paths().rmdir("/p");
    assertInUse(2);
    replaced.close();
    assertInUse(0);
  }

  /** A chain far longer than any stack is released one after the other. */
  @Test
  void aFileKeepsAllDirectoriesAboveIt() throws Exception {
    List<String> paths = new ArrayList<>();
    String path = "";
    for (int i = 0; i < 400; i++) {
      path += "/d";
      fs.paths().mkdir(path, 0755);
      paths.addFirst(path);
    }
    OpenFile file = fs.open(path + "/g", CREATE, 0644);
    fs.unlink(path + "/g");
    for (String each : paths) {
      fs.paths().rmdir(each);
    }
    assertInUse(401);
    file.close();
    assertInUse(0);
  }

  @Test
  void failedOpensKeepNothing() throws Exception {
    fs.paths().mkdir("/d", 0755);
    fs.open("/d/f", CREATE, 0644).close();
    assertErrno(Errno.ENOTDIR, () -> fs.open("/d/f", DIRECTORY, 0));
    assertErrno(Errno.EEXIST, () -> fs.open("/d/f", CREATE | 0200, 0644));
    fs.unlink("/d/f");
    fs.paths().rmdir("/d");
    assertInUse(0);
  }
}
