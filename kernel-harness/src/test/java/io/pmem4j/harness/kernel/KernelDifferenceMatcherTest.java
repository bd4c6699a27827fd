// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A listed difference explains exactly itself, and nothing that looks like it. */
class KernelDifferenceMatcherTest {
  private static final String FAULT = "dax_pte_fault ino=12 shared WRITE pgoff=0";
  private static final String INSERT_WRITE =
      "dax_insert_mapping ino=12 shared write pgoff=0 block=6144";
  private static final String INSERT_READ =
      "dax_insert_mapping ino=12 shared read pgoff=3 block=6147";
  private static final String DONE = "dax_pte_fault_done ino=12 shared WRITE pgoff=0 NOPAGE";
  private static final String DONE_MAJOR =
      "dax_pte_fault_done ino=12 shared WRITE pgoff=0 MAJOR|NOPAGE";
  private static final String RANGE = "dax_writeback_range ino=12 pgoff=0-9";
  private static final String ONE = "dax_writeback_one ino=12 pgoff=3 pglen=1";
  private static final String RANGE_DONE = "dax_writeback_range_done ino=12 end=9";

  private final KernelDifferenceMatcher matcher =
      new KernelDifferenceMatcher(Kernel.LINUX_6_1.differences());

  private static Outcome events(String... events) {
    return new Outcome(Map.of("result", "1"), List.of(events));
  }

  private static Outcome fiemap(int result, String extents) {
    return new Outcome(Map.of("result", "" + result, "extents", extents), List.of());
  }

  @Test
  void equalOutcomesNeedNoDifference() {
    assertThat(matcher.explain(events(FAULT, DONE), events(FAULT, DONE))).hasValue(Set.of());
  }

  @Test
  void anAllocatingFaultIsMajorAndDoesNotTellWhatItInserted() {
    assertThat(matcher.explain(events(FAULT, INSERT_WRITE, DONE), events(FAULT, DONE_MAJOR)))
        .hasValueSatisfying(used ->
            assertThat(used)
                .containsExactlyInAnyOrder(
                    KernelDifference.NO_INSERT_EVENT, KernelDifference.MAJOR_TRACED));
  }

  @Test
  void aFaultThatInsertedNothingIsNotMajor() {
    assertThat(matcher.explain(events(FAULT, DONE), events(FAULT, DONE_MAJOR))).isEmpty();
  }

  @Test
  void anotherResultIsNoDialect() {
    assertThat(
            matcher.explain(
                new Outcome(Map.of("result", "1"), List.of(FAULT, INSERT_WRITE, DONE)),
                new Outcome(Map.of("result", "0"), List.of(FAULT, DONE))))
        .isEmpty();
  }

  @Test
  void missingAndAdditionalEventsAreFindings() {
    assertThat(matcher.explain(events(FAULT, INSERT_WRITE, DONE), events(FAULT))).isEmpty();
    assertThat(matcher.explain(events(FAULT, DONE), events(FAULT, FAULT, DONE))).isEmpty();
    assertThat(matcher.explain(events(FAULT, DONE), events(FAULT, INSERT_WRITE, DONE))).isEmpty();
  }

  @Test
  void onlyAPageThatWasReadIsWrittenBackOnceMore() {
    assertThat(matcher.explain(events(), events(RANGE, ONE, RANGE_DONE))).isEmpty();
    matcher.explain(events(FAULT, INSERT_READ, DONE), events(FAULT, DONE));
    assertThat(
            matcher.explain(events(), events(RANGE, ONE.replace("pgoff=3", "pgoff=4"), RANGE_DONE)))
        .isEmpty();
    assertThat(matcher.explain(events(), events(RANGE, ONE, RANGE_DONE)))
        .hasValueSatisfying(
            used -> assertThat(used).containsExactly(KernelDifference.READ_FAULT_DIRTIES));
    // It is clean now.
    assertThat(matcher.explain(events(), events(RANGE, ONE, RANGE_DONE))).isEmpty();
  }

  @Test
  void aDifferenceOfAnotherKernelForgivesNothing() {
    KernelDifferenceMatcher later = new KernelDifferenceMatcher(Kernel.LINUX_6_12.differences());
    assertThat(later.explain(events(FAULT, INSERT_READ, DONE), events(FAULT, DONE))).isPresent();
    assertThat(later.explain(events(), events(RANGE, ONE, RANGE_DONE))).isEmpty();
  }

  @Test
  void extentsAreJoinedAndTheLastIsMarked() {
    assertThat(
            matcher.explain(
                fiemap(3, "0+4@1003:1000,4+1@1007:1000,6+1@2000:1000"),
                fiemap(2, "0+5@1003:1000,6+1@2000:1001")))
        .hasValueSatisfying(
            used -> assertThat(used).containsExactly(KernelDifference.FIEMAP_BY_IOMAP));
    assertThat(matcher.explain(fiemap(1, "0+1@1003:1000"), fiemap(1, "0+1@1004:1001"))).isEmpty();
    assertThat(matcher.explain(fiemap(1, "0+1@1003:1000"), fiemap(2, "0+1@1003:1001"))).isEmpty();
  }

  @Test
  void theSuccessorOfDaxSemHasItsName() {
    assertThat(Kernel.LINUX_6_1.lockName("mapping.invalidate_lock#2")).isEqualTo("&ei->dax_sem");
    assertThat(Kernel.LINUX_6_12.lockName("mapping.invalidate_lock")).isEqualTo("&ei->dax_sem");
    assertThat(Kernel.LINUX_6_1.lockName("&ei->truncate_mutex")).isEqualTo("&ei->truncate_mutex");
    assertThat(Kernel.MERGED.lockName("mapping.invalidate_lock"))
        .isEqualTo("mapping.invalidate_lock");
  }
}
