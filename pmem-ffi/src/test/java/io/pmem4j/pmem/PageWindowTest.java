// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A window belongs to its maker, and then to one arena; no call makes its segment dangle. */
class PageWindowTest {
  private static final int BYTES = 1 << 16;

  @TempDir(factory = InMemory.class)
  Path folder;

  private PmemRegion region(Arena arena) throws Exception {
    PmemRegion region = Pmem.map(folder.resolve("file"), MapSpec.createNew(BYTES), arena);
    region.putByte(4096, (byte) 5);
    return region;
  }

  private static PageWindow window(PmemRegion region) throws Exception {
    return PageWindow.reserve(region, BYTES, PageWindow.Access.READ_WRITE, 0);
  }

  @Test
  void closingAnAdoptedWindowLeavesItToItsArena() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment;
      try (PageWindow window = window(region(arena))) {
        segment = window.adopt(arena, () -> {});
        window.show(0, 4096, 4096);
      }
      assertThat(segment.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 5);
    }
  }

  @Test
  void aWindowIsAdoptedOnce() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PageWindow window = window(region(arena));
      MemorySegment segment;
      try (Arena other = Arena.ofConfined()) {
        segment = window.adopt(arena, () -> {});
        window.show(0, 4096, 4096);
        assertThatIllegalStateException().isThrownBy(() -> window.adopt(other, () -> {}));
      }
      assertThat(segment.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 5);
    }
  }

  @Test
  void aClosedWindowIsNotAdopted() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PageWindow window = window(region(arena));
      window.close();
      window.close();
      assertThatIllegalStateException().isThrownBy(() -> window.adopt(arena, () -> {}));
    }
  }

  @Test
  void onlyWholePagesAreShown() throws Exception {
    try (Arena arena = Arena.ofConfined();
        PageWindow window = window(region(arena))) {
      assertThatIllegalArgumentException().isThrownBy(() -> window.show(0, 512, 4096));
      assertThatIllegalArgumentException().isThrownBy(() -> window.show(512, 0, 4096));
      assertThatIllegalArgumentException().isThrownBy(() -> window.show(0, 0, 512));
    }
  }
}
