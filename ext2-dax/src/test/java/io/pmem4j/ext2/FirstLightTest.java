// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** One file is made, written, read and removed; the real tools agree with what is on the image. */
class FirstLightTest {
  private static final int O_RDWR_CREAT = 0102;

  @Test
  void mountAndUnmountLeaveACleanImage() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      image.mount().unmount();
      image.assertClean();
      assertThat(image.debugfs("stats"))
          .contains("Filesystem state:         clean")
          .contains("Mount count:              1\n");
    }
  }

  @Test
  void whatIsWrittenIsThereAfterUnmount() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      byte[] text = "hello, persistent memory".getBytes(StandardCharsets.UTF_8);
      try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
        assertThat(file.pwrite(0, text)).isEqualTo(text.length);
        byte[] back = new byte[100];
        assertThat(file.pread(0, back)).isEqualTo(text.length);
        assertThat(file.stat().blocks512()).isEqualTo(8);
        assertThat(file.stat().generation()).isEqualTo(ImageFixture.GENERATION_BASE);
        assertThat(file.fiemap()).hasSize(1);
      }
      fs.unmount();
      image.assertClean();
      assertThat(image.debugfs("cat /f")).contains("hello, persistent memory");
    }
  }

  @Test
  void anUnlinkedFileLeavesNothingBehind() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      try (OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644)) {
        assertThat(file.pwrite(0, new byte[5 << 20])).isEqualTo(5 << 20);
        assertThat(file.pwrite(5L << 30, new byte[1])).isEqualTo(1);
      }
      fs.unlink("/f");
      fs.unmount();
      image.assertClean();
    }
  }
}
