// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostPagesTest {
  private static final long PRESENT = 1L << 63;
  private final HostPages pages =
      HostPages.of(
          List.of("00001000-0009ffff : System RAM", "  140000000-143ffffff : Persistent Memory"));

  @Test
  void anEntryInWords() {
    assertThat(pages.page(0)).isEqualTo("none");
    assertThat(pages.page(1L << 62)).isEqualTo("swapped");
    assertThat(pages.page(PRESENT | 1L << 61 | 0x99)).isEqualTo("cached");
    assertThat(pages.page(PRESENT | 0x140000)).isEqualTo("block");
    assertThat(pages.page(PRESENT | 0x143fff)).isEqualTo("block");
    assertThat(pages.page(PRESENT)).as("frames are hidden").isEqualTo("mapped");
  }
}
