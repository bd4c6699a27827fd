// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files that grow from reservation windows, on an image with groups of 1,024 blocks. */
class ReservationTest {
  private static final int P = 4096;
  private static final int O_RDWR_CREAT = 0102;

  private ImageFixture image;
  private Ext2FileSystem fs;

  @BeforeEach
  void mount() throws Exception {
    image = new ImageFixture("-g", "1024", "-N", "256");
    fs =
        Ext2FileSystem.mount(
            image.region(), MountOptions.parse("dax,noatime"), image.instrumentation());
  }

  @AfterEach
  void close() throws Exception {
    image.close();
  }

  private static List<Long> blocks(OpenFile file) throws Ext2Exception {
    List<Long> blocks = new ArrayList<>();
    for (Extent extent : file.fiemap()) {
      for (long i = 0; i < extent.lengthBytes(); i += P) {
        blocks.add((extent.physicalBytes() + i) / P);
      }
    }
    return blocks;
  }

  private static void append(OpenFile file, int blocks) throws Ext2Exception {
    file.pwrite(file.stat().size(), new byte[blocks * P]);
  }

  private void unmount() throws Exception {
    fs.unmount();
    image.assertClean();
  }

  @Test
  void twoFilesThatGrowInTurnsHaveRunsOfEight() throws Exception {
    try (OpenFile a = fs.open("/a", O_RDWR_CREAT, 0644);
        OpenFile b = fs.open("/b", O_RDWR_CREAT, 0644)) {
      for (int i = 0; i < 8; i++) {
        append(a, 1);
        append(b, 1);
      }
      long first = blocks(a).getFirst();
      assertThat(blocks(a)).isEqualTo(run(first, 8));
      assertThat(blocks(b)).isEqualTo(run(first + 8, 8));
    }
    unmount();
  }

  private static List<Long> run(long first, int count) {
    List<Long> run = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      run.add(first + i);
    }
    return run;
  }

  @Test
  void theLastWriterToCloseGivesTheWindowUp() throws Exception {
    OpenFile a = fs.open("/a", O_RDWR_CREAT, 0644);
    OpenFile reader = fs.open("/a", 0, 0);
    append(a, 1);
    long first = blocks(a).getFirst();
    try (OpenFile b = fs.open("/b", O_RDWR_CREAT, 0644)) {
      append(b, 1);
      assertThat(blocks(b)).isEqualTo(run(first + 8, 1));
      a.close();
      append(b, 1);
    }
    reader.close();
    try (OpenFile c = fs.open("/c", O_RDWR_CREAT, 0644)) {
      append(c, 1);
      assertThat(blocks(c)).isEqualTo(run(first + 1, 1));
      c.truncate(0);
      try (OpenFile d = fs.open("/d", O_RDWR_CREAT, 0644)) {
        append(d, 1);
        assertThat(blocks(d)).as("truncated files have no window").isEqualTo(run(first + 1, 1));
      }
    }
    unmount();
  }

  /** Each file may take the blocks in the other's window when there are no others. */
  @Test
  void theLastBlocksAreTakenOutOfWindows() throws Exception {
    long free = fs.use().freeBlocks();
    try (OpenFile a = fs.open("/a", O_RDWR_CREAT, 0644);
        OpenFile b = fs.open("/b", O_RDWR_CREAT, 0644)) {
      append(a, 1);
      append(b, 1);
      for (long left = free; left > 40; left = fs.use().freeBlocks()) {
        append(a, (int) Math.min(left - 30, 512));
      }
      OpenFile[] both = {a, b};
      assertThatThrownBy(
              () -> {
                for (int i = 0; ; i++) {
                  append(both[i % 2], 1);
                }
              })
          .isInstanceOfSatisfying(
              Ext2Exception.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
      assertThat(fs.use().freeBlocks()).isZero();
      assertThat(blocks(a)).doesNotHaveDuplicates().doesNotContainAnyElementsOf(blocks(b));
      a.truncate(0);
      b.truncate(0);
    }
    fs.unlink("/a");
    fs.unlink("/b");
    assertThat(fs.use().freeBlocks()).isEqualTo(free);
    unmount();
  }
}
