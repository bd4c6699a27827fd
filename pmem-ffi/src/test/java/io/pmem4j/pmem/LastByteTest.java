// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A persist far from the end of a large file, whose length a load of its last byte answers. Another
 * process truncates the file, here another channel.
 */
class LastByteTest {
  private static final int MIB = 1 << 20;
  private static final int LENGTH = 8 * MIB;

  @TempDir Path folder;

  @Test
  void aPersistPastEofThrows() throws Exception {
    for (int end : new int[] {LENGTH - 1, 7 * MIB, 6 * MIB + 1, 5 * MIB, 3 * MIB + 100, 1, 0}) {
      Path path = folder.resolve("file" + end);
      try (Arena arena = Arena.ofShared()) {
        PmemRegion region = Pmem.map(path, MapSpec.createNew(LENGTH), arena);
        for (int at = 0; at < LENGTH; at += MIB) {
          region.putLong(at, at);
          region.persist(at, 8);
        }
        truncate(path, end);
        // The page that has EOF takes stores past EOF, which are lost.
        int at = end / 8 * 8;
        assertThatExceptionOfType(PmemException.class)
            .as("EOF at %d", end)
            .isThrownBy(() -> region.persist(at, 8))
            .withMessageContaining("truncated to " + end);
        for (int before = 0; before + 8 <= end; before += MIB) {
          region.persist(before, 8);
        }
        truncate(path, 0);
        assertThatExceptionOfType(PmemException.class).isThrownBy(() -> region.persist(0, 8));
      }
      assertThat(path).isEmptyFile();
    }
  }

  private static void truncate(Path path, long length) throws IOException {
    try (FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
      other.truncate(length);
    }
  }
}
