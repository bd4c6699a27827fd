// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Scope;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparableViewTest {
  private static final ComparableView POSIX = new ComparableView(Scope.POSIX, false);
  private static final ComparableView DAX = new ComparableView(Scope.DAX, false);
  private static final ComparableView EXT2 = new ComparableView(Scope.EXT2, false);

  @Test
  void theWholeViewJudgesEverything() {
    for (String token : List.of("no-events", "event:dax_pte_fault", "page=block:3", "ino=12")) {
      assertThat(ComparableView.WHOLE.judges(token)).as(token).isTrue();
    }
    assertThat(ComparableView.WHOLE.rules()).isEmpty();
  }

  @Test
  void aDirectoryShowsWhatItsFileSystemPromises() {
    for (String token : List.of("result=0", "data=00", "signal=SIGBUS/2@m+0", "mtime=+2")) {
      assertThat(POSIX.judges(token)).as(token).isTrue();
    }
    for (String token : List.of("no-events", "event:dax_pte_fault", "extents=", "ino=12")) {
      assertThat(EXT2.judges(token)).as(token).isFalse();
    }
    assertThat(POSIX.judges("page=zero")).isFalse();
    assertThat(DAX.judges("page=zero")).isTrue();
    assertThat(DAX.judges("blocks=8")).isFalse();
    assertThat(EXT2.judges("blocks=8")).isTrue();
  }

  @Test
  void aBlockIsABlockWhicheverItsNumber() {
    Outcome outcome = Outcome.builder().value("page", "block").build();
    assertThat(DAX.satisfies(outcome, "page=block:6144")).isTrue();
    assertThat(DAX.satisfies(outcome, "page=zero")).isFalse();
  }

  @Test
  void twoViewsShareTheNarrowerOne() {
    assertThat(ComparableView.WHOLE.and(DAX)).isEqualTo(DAX);
    assertThat(DAX.and(POSIX)).isEqualTo(POSIX);
    assertThat(ComparableView.WHOLE.and(ComparableView.WHOLE)).isEqualTo(ComparableView.WHOLE);
  }

  @Test
  void whatIsLeftOutIsSaid() {
    assertThat(POSIX.rules()).anySatisfy(rule -> assertThat(rule).contains("blocks", "page"));
    Outcome outcome =
        Outcome.builder().value("result", 0).value("ino", 3).events(List.of("x")).build();
    assertThat(POSIX.of(outcome)).hasToString("result=0");
  }
}
