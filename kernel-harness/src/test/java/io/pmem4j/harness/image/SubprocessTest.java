// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tool that Ctrl-C has stopped gives no verdict on an image. */
class SubprocessTest {
  private static Subprocess.Result shell(String script) throws Exception {
    return Subprocess.run(Map.of(), List.of("sh", "-c", script));
  }

  @ParameterizedTest
  @ValueSource(strings = {"kill -INT $$", "exit 32"})
  void aProgramThatASignalStoppedHasNoResult(String script) {
    assertThatIOException()
        .isThrownBy(() -> shell(script))
        .withMessageStartingWith("sh was stopped by a signal");
  }

  @Test
  void whatAProgramAnswersIsItsResult() throws Exception {
    assertThat(shell("echo found; echo more >&2; exit 12"))
        .isEqualTo(new Subprocess.Result(12, "found\nmore\n"));
  }
}
