// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.ProgramLibrary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All free blocks of an image are filled and no other one, wherever its descriptors are. */
class StaleBlocksTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"meta-groups", "g35-small-blocks", "fsync-promises"})
  void asManyBlocksAreFilledAsMke2fsHasLeftFree(String program) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    ImageShape shape =
        ProgramLibrary.shipped().stream()
            .filter(each -> each.name().equals(program))
            .findFirst()
            .orElseThrow()
            .image();
    FsImage image = Mke2fs.make(folder.resolve("image"), shape);
    StaleBlocks.fill(image, shape.fsBytes(), _ -> true);
    assertThat(E2fsck.check(image)).isEmpty();
    ByteBuffer content = ByteBuffer.allocate((int) shape.fsBytes()).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel file = FileChannel.open(image.path())) {
      while (content.hasRemaining()
          && file.read(content, FsImage.OFFSET_BYTES + content.position()) > 0) {
        // reads on
      }
    }
    byte[] stale = new byte[1024 << content.getInt(1024 + 24)];
    Arrays.fill(stale, StaleBlocks.STALE);
    int filled = 0;
    for (int at = 0; at < content.capacity(); at += stale.length) {
      filled +=
          Arrays.equals(content.array(), at, at + stale.length, stale, 0, stale.length) ? 1 : 0;
    }
    assertThat(filled).isEqualTo(content.getInt(1024 + 12));
  }
}
