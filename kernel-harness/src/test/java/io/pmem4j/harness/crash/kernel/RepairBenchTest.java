// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.crash.kernel.RepairBench.Examined;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.image.Mke2fs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bench is used again and again: what e2fsck stored into one image is not in the next. */
class RepairBenchTest {
  /** The offset of {@code s_state} in block 0. */
  private static final int STATE = 1024 + 58;

  /** The block of group descriptors, whose first field is the block of the bitmap. */
  private static final int DESCRIPTORS = 1;

  @TempDir private Path folder;
  private ImageContent base;
  private RepairBench bench;

  @BeforeEach
  void make() throws IOException {
    Required.programs("e2fsck", "mke2fs");
    base = ImageContent.of(Mke2fs.make(folder.resolve("image")));
    bench = new RepairBench(folder.resolve("copy"), base);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
    assertThat(Files.exists(folder.resolve("copy"))).isFalse();
  }

  private ByteBuffer page(int number) {
    ByteBuffer page = ByteBuffer.allocate(ImageContent.PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return page.put(base.get(number)).flip();
  }

  private Map<Integer, byte[]> unmarked() {
    ByteBuffer superblock = page(0);
    superblock.putShort(STATE, (short) 0);
    return Map.of(0, superblock.array());
  }

  private Map<Integer, byte[]> leaking() {
    int bitmap = page(DESCRIPTORS).getInt(0);
    ByteBuffer used = page(bitmap);
    used.put(200, (byte) (used.get(200) | 4));
    return Map.of(bitmap, used.array());
  }

  private void requireClean(Map<Integer, byte[]> image) throws IOException {
    assertThat(bench.checkAndRepair(image)).isEqualTo(new Examined("", "", image));
    assertThat(bench.repair(image)).isEqualTo(new Examined("", "", image));
  }

  @Test
  void markingIsNoComplaint() throws IOException {
    requireClean(Map.of());
    requireClean(unmarked());
    requireClean(Map.of());
  }

  @Test
  void anImageIsRepairedAndForgotten() throws IOException {
    Map<Integer, byte[]> image = leaking();
    int bitmap = image.keySet().iterator().next();
    for (int i = 0; i < 2; i++) {
      Examined repaired = bench.repair(image);
      assertThat(E2fsckKinds.of(repaired.complaint()))
          .anyMatch(kind -> kind.startsWith("Block bitmap differences"));
      assertThat(repaired.left()).isEmpty();
      // The time of the check is then the only difference from the base.
      assertThat(bench.differences(repaired.repaired(), Map.of())).doesNotContain(bitmap);
      assertThat(bench.differences(repaired.repaired(), image)).contains(bitmap);
      requireClean(repaired.repaired());
    }
    Examined checked = bench.checkAndRepair(image);
    assertThat(checked.complaint()).contains("Block bitmap differences", "Fix? no");
    assertThat(bench.differences(checked.repaired(), image)).contains(bitmap);
    requireClean(Map.of());
  }

  /** Seconds of e2fsck's clock pass between the two, which it stores as the time of the check. */
  @Test
  void equalImagesAreRepairedToEqualOnes() throws IOException {
    Map<Integer, byte[]> image = leaking();
    Map<Integer, byte[]> repaired = bench.repair(image).repaired();
    long second = System.currentTimeMillis() / 1000;
    while (System.currentTimeMillis() / 1000 == second) {
      requireClean(Map.of());
    }
    assertThat(StatePages.keyOf(bench.repair(image).repaired()))
        .isEqualTo(StatePages.keyOf(repaired));
  }

  @Test
  void anImageThatCannotBeRepairedSaysSo() throws IOException {
    Map<Integer, byte[]> image = Map.of(0, new byte[ImageContent.PAGE_BYTES]);
    assertThat(bench.repair(image).left()).startsWith("e2fsck -fy exit 8");
    requireClean(Map.of());
  }
}
