// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramSyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  private static final Operation FSTAT = operation("fstat f");

  private final KernelDifferenceMatcher matcher =
      new KernelDifferenceMatcher(Kernel.LINUX_6_1.differences());

  private static Operation operation(String text) {
    try {
      return ProgramParser.parse(
              "test",
              "title test\nscope ext2\n\nopen f /f rw creat\nmmap m f 0 1P rw shared\n"
                  + text
                  + "\n")
          .steps()
          .getLast()
          .operation();
    } catch (ProgramSyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Outcome events(String... events) {
    return new Outcome(Map.of("result", "1"), List.of(events));
  }

  private static Outcome fiemap(int result, String extents) {
    return new Outcome(Map.of("result", "" + result, "extents", extents), List.of());
  }

  @Test
  void equalOutcomesNeedNoDifference() {
    assertThat(matcher.explain(FSTAT, events(FAULT, DONE), events(FAULT, DONE))).hasValue(Set.of());
  }

  @Test
  void anAllocatingFaultIsMajorAndDoesNotTellWhatItInserted() {
    assertThat(matcher.explain(FSTAT, events(FAULT, INSERT_WRITE, DONE), events(FAULT, DONE_MAJOR)))
        .hasValueSatisfying(used ->
            assertThat(used)
                .containsExactlyInAnyOrder(
                    KernelDifference.NO_INSERT_EVENT, KernelDifference.MAJOR_TRACED));
  }

  @Test
  void aFaultThatInsertedNothingIsNotMajor() {
    assertThat(matcher.explain(FSTAT, events(FAULT, DONE), events(FAULT, DONE_MAJOR))).isEmpty();
  }

  @Test
  void anotherResultIsNoDialect() {
    assertThat(
            matcher.explain(
                FSTAT,
                new Outcome(Map.of("result", "1"), List.of(FAULT, INSERT_WRITE, DONE)),
                new Outcome(Map.of("result", "0"), List.of(FAULT, DONE))))
        .isEmpty();
  }

  @Test
  void missingAndAdditionalEventsAreFindings() {
    assertThat(matcher.explain(FSTAT, events(FAULT, INSERT_WRITE, DONE), events(FAULT))).isEmpty();
    assertThat(matcher.explain(FSTAT, events(FAULT, DONE), events(FAULT, FAULT, DONE))).isEmpty();
    assertThat(matcher.explain(FSTAT, events(FAULT, DONE), events(FAULT, INSERT_WRITE, DONE)))
        .isEmpty();
  }

  @Test
  void onlyAPageThatWasReadIsWrittenBackOnceMore() {
    assertThat(matcher.explain(FSTAT, events(), events(RANGE, ONE, RANGE_DONE))).isEmpty();
    matcher.explain(FSTAT, events(FAULT, INSERT_READ, DONE), events(FAULT, DONE));
    assertThat(
            matcher.explain(
                FSTAT, events(), events(RANGE, ONE.replace("pgoff=3", "pgoff=4"), RANGE_DONE)))
        .isEmpty();
    assertThat(matcher.explain(FSTAT, events(), events(RANGE, ONE, RANGE_DONE)))
        .hasValueSatisfying(
            used -> assertThat(used).containsExactly(KernelDifference.READ_FAULT_DIRTIES));
    // It is clean now.
    assertThat(matcher.explain(FSTAT, events(), events(RANGE, ONE, RANGE_DONE))).isEmpty();
  }

  @Test
  void aDifferenceOfAnotherKernelForgivesNothing() {
    KernelDifferenceMatcher later = new KernelDifferenceMatcher(Kernel.LINUX_6_12.differences());
    assertThat(later.explain(FSTAT, events(FAULT, INSERT_READ, DONE), events(FAULT, DONE)))
        .isPresent();
    assertThat(later.explain(FSTAT, events(), events(RANGE, ONE, RANGE_DONE))).isEmpty();
  }

  private static Optional<Set<KernelDifference>> later(
      String operation, Outcome reference, Outcome answer) {
    return new KernelDifferenceMatcher(Kernel.LINUX_6_12.differences())
        .explain(operation(operation), reference, answer);
  }

  private static Outcome errno(String name) {
    return new Outcome(Map.of("result", "-1", "errno", name), List.of());
  }

  @Test
  void modesThatExcludeEachOtherHaveAnotherErrno() {
    assertThat(later("fallocate f 9 0 1P", errno("EINVAL"), errno("EOPNOTSUPP")))
        .contains(Set.of(KernelDifference.FALLOCATE_MODES));
    assertThat(later("fallocate f 9 0 1P", errno("EINVAL"), errno("EPERM"))).isEmpty();
    assertThat(later("fallocate f 1 0 1P", errno("EINVAL"), errno("EOPNOTSUPP"))).isEmpty();
    assertThat(
            matcher.explain(operation("fallocate f 9 0 1P"), errno("EINVAL"), errno("EOPNOTSUPP")))
        .isEmpty();
  }

  @Test
  void theModeOfAFileComesBeforeItsVectors() {
    assertThat(later("pwritev f 0 1 x41*2000", errno("EINVAL"), errno("EBADF")))
        .contains(Set.of(KernelDifference.VECTORS_LATER));
    assertThat(later("pwrite f 0 x41", errno("EINVAL"), errno("EBADF"))).isEmpty();
  }

  @Test
  void theTypeOfALockComesBeforeItsFile() {
    assertThat(later("flock f shared exclusive nonblock", errno("EBADF"), errno("EINVAL")))
        .contains(Set.of(KernelDifference.FLOCK_TYPE_FIRST));
    assertThat(later("flock f shared nonblock", errno("EBADF"), errno("EINVAL"))).isEmpty();
    assertThat(later("flock f shared exclusive", errno("EINVAL"), errno("EBADF"))).isEmpty();
    assertThat(matcher.explain(operation("flock f nonblock"), errno("EBADF"), errno("EINVAL")))
        .contains(Set.of(KernelDifference.FLOCK_TYPE_FIRST));
  }

  @Test
  void anUnreadableBlockIsTracedByItsName() {
    String sigbus = "dax_pte_fault_done ino=12 shared - pgoff=2 SIGBUS";
    assertThat(
            later(
                "fstat f",
                events(FAULT, sigbus),
                events(FAULT, sigbus.replace("SIGBUS", "HWPOISON"))))
        .contains(Set.of(KernelDifference.HWPOISON_TRACED));
    assertThat(matcher.explain(FSTAT, events(sigbus), events(sigbus.replace("SIGBUS", "HWPOISON"))))
        .isEmpty();
  }

  @Test
  void aCopyThatCannotEndMayFaultOnceMore() {
    String sigbus = "dax_pte_fault_done ino=12 shared WRITE pgoff=0 SIGBUS";
    Outcome once = events(FAULT, sigbus);
    Outcome twice = events(FAULT, sigbus, FAULT, sigbus);
    assertThat(later("pread-mapped f 0 m 0 20", once, twice))
        .contains(Set.of(KernelDifference.COPY_RETRIED));
    assertThat(later("store m 0 x41", once, twice)).isEmpty();
    assertThat(later("pread-mapped f 0 m 0 20", once, events())).isEmpty();
    assertThat(
            later("pread-mapped f 0 m 0 20", events(FAULT, DONE), events(FAULT, DONE, FAULT, DONE)))
        .isEmpty();
  }

  @Test
  void extentsAreJoinedAndTheLastIsMarked() {
    assertThat(
            matcher.explain(
                FSTAT,
                fiemap(3, "0+4@1003:1000,4+1@1007:1000,6+1@2000:1000"),
                fiemap(2, "0+5@1003:1000,6+1@2000:1001")))
        .hasValueSatisfying(
            used -> assertThat(used).containsExactly(KernelDifference.FIEMAP_BY_IOMAP));
    assertThat(matcher.explain(FSTAT, fiemap(1, "0+1@1003:1000"), fiemap(1, "0+1@1004:1001")))
        .isEmpty();
    assertThat(matcher.explain(FSTAT, fiemap(1, "0+1@1003:1000"), fiemap(2, "0+1@1003:1001")))
        .isEmpty();
  }

  @Test
  void withoutDaxAFaultMapsCachedPagesBesideIt() {
    KernelDifferenceMatcher newest = new KernelDifferenceMatcher(Kernel.LINUX_7_3.differences());
    Operation pagemap = operation("pagemap m 0");
    Outcome none = new Outcome(Map.of("result", "0", "page", "none"), List.of());
    Outcome page = new Outcome(Map.of("result", "0", "page", "page"), List.of());
    assertThat(newest.explain(pagemap, none, page)).contains(Set.of(KernelDifference.FAULT_AROUND));
    assertThat(newest.explain(pagemap, page, none)).isEmpty();
    assertThat(newest.explain(FSTAT, none, page)).isEmpty();
    assertThat(later("pagemap m 0", none, page)).as("6.12 has DAX").isEmpty();
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
