// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PromisedFilesTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private final PromisedFiles promised = PromisedFiles.all(Map.of("/d/f", bytes("old")));

  @Test
  void syncedContentIsKept() {
    assertThat(promised.broken(Map.of("/d/f", bytes("old")))).isEmpty();
    assertThat(promised.broken(Map.of("/d/f", bytes("olD"))).orElseThrow())
        .isEqualTo("/d/f has 44 at byte 2, expected 64 as synced, or stored since");
    assertThat(promised.broken(Map.of("/d/f", bytes("ol"))).orElseThrow())
        .isEqualTo("/d/f has 2 bytes, expected 3 since its sync");
    assertThat(promised.broken(Map.of()).orElseThrow())
        .isEqualTo("/d/f is gone; its name was synced");
  }

  @Test
  void laterContentMayBeThereByteByByte() {
    promised.seen(Map.of("/d/f", bytes("new??")));
    assertThat(promised.broken(Map.of("/d/f", bytes("nld")))).isEmpty();
    assertThat(promised.broken(Map.of("/d/f", bytes("new\0")))).isEmpty();
    assertThat(promised.broken(Map.of("/d/f", bytes("newX")))).isPresent();
    assertThat(promised.broken(Map.of("/d/f", bytes("new??!")))).isPresent();
  }

  @Test
  void anotherSyncForgetsTheOldContent() {
    promised.seen(Map.of("/d/f", bytes("new")));
    promised.promise("/d/f", bytes("new"));
    assertThat(promised.broken(Map.of("/d/f", bytes("old")))).isPresent();
  }

  @Test
  void aNameIsPromisedWithAllItsDirectories() {
    promised.promise("/e/g", bytes("g"));
    promised.promiseNames("/e", Set.of("/e", "/e/g", "/d/f"));
    assertThat(promised.broken(Map.of("/d/f", bytes("old")))).isEmpty();
    promised.promiseNames("/", Set.of("/e", "/e/g"));
    assertThat(promised.broken(Map.of("/d/f", bytes("old")))).isPresent();
  }

  @Test
  void whatIsUnlinkedIsForgottenWithAllBelow() {
    promised.forget("/d");
    assertThat(promised.broken(Map.of())).isEmpty();
    assertThat(promised.names()).isEmpty();
  }

  /** ext2 gives a block away before the truncation that freed it is durable. */
  @Test
  void bytesPastTheShortestSizeSinceTheSyncAreNotPromised() {
    promised.seen(Map.of("/d/f", bytes("o")));
    assertThat(promised.broken(Map.of("/d/f", bytes("o??")))).isEmpty();
    assertThat(promised.broken(Map.of("/d/f", bytes("???")))).isPresent();
    promised.promise("/d/f", bytes("old"));
    assertThat(promised.broken(Map.of("/d/f", bytes("o??")))).isPresent();
  }
}
