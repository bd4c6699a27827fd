// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** An inode has 32,000 links at most. Judged by e2fsck and debugfs. */
class LinkLimitTest {
  private static final int MOST = 32_000;
  private static final int O_CREAT = 0102;

  private static void assertTooMany(ThrowingCallable call) {
    assertThatExceptionOfType(Ext2Exception.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EMLINK));
  }

  /** The names are spread over directories: a lookup in one of 32,000 entries is slow. */
  @Test
  void aFileHasAsManyNames() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      PathOperations paths = fs.paths();
      fs.open("/f", O_CREAT, 0644).close();
      for (int i = 1; i < MOST; i++) {
        if (i % 200 == 1) {
          paths.mkdir("/" + i / 200, 0755);
        }
        paths.link("/f", "/" + (i - 1) / 200 + "/" + i);
      }
      assertThat(paths.stat("/f", true).nlink()).isEqualTo(MOST);
      assertTooMany(() -> paths.link("/f", "/g"));
      paths.unlink("/0/1");
      paths.link("/f", "/g");
      assertTooMany(() -> paths.link("/g", "/h"));
      fs.unmount();
      assertThat(image.debugfs("stat /f")).contains("Links: " + MOST);
      image.assertClean();
    }
  }

  /** Each name of the parent in a subdirectory is a link. */
  @Test
  void aDirectoryHasAsManySubdirectories() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem first = image.mount();
      first.paths().mkdir("/d", 0755);
      first.unmount();
      // 32,000 directories have no room in the image: the count says more than there are.
      image.setField("/d", "links_count", MOST - 2);
      Ext2FileSystem fs = image.mount();
      PathOperations paths = fs.paths();
      paths.mkdir("/d/a", 0755);
      paths.mkdir("/d/b", 0755);
      assertTooMany(() -> paths.mkdir("/d/c", 0755));
      paths.mkdir("/e", 0755);
      assertTooMany(() -> paths.rename("/e", "/d/e", 0));
      paths.rename("/e", "/d/b", 0);
      paths.rmdir("/d/a");
      paths.mkdir("/d/c", 0755);
      assertThat(paths.stat("/d", true).nlink()).isEqualTo(MOST);
      fs.unmount();
    }
  }
}
