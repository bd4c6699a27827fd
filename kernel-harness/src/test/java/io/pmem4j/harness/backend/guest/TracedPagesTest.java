// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.TraceEvent;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.guest.trace.TraceRecord.Kind;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TracedPagesTest {
  private static final int PAGE = 4096;

  private static TraceRecord store(Kind kind, long offset, int bytes, long value) {
    return new TraceRecord(kind, offset, bytes, 0, value, 0);
  }

  private static TraceRecord of(Kind kind, long offset) {
    return new TraceRecord(kind, offset, kind == Kind.FLUSH ? 64 : 0, 0, 0, 0);
  }

  /** Returns the values of a word of the second page in all crash states. */
  private static Set<Long> words(List<TraceRecord> records) {
    TracedPages pages = TracedPages.of(records);
    RecordedMemory memory = RecordedMemory.over(new HeapMemory((long) pages.pages().size() * PAGE));
    pages.repeat(records, memory);
    Set<Long> words = new TreeSet<>();
    CrashReport report =
        CrashStates.of(memory.trace())
            .insideRecovery(false)
            .check((state, _) -> words.add(state.getLong(PAGE)));
    assertThat(report.isComplete()).isTrue();
    return words;
  }

  @Test
  void onlyStoredPagesAreKept() {
    assertThat(
            TracedPages.of(
                    List.of(
                        store(Kind.STORE, 7 * PAGE, 8, 1),
                        of(Kind.FLUSH, 9 * PAGE),
                        store(Kind.STORE, 3 * PAGE - 4, 8, 1)))
                .pages())
        .containsExactly(2, 3, 7);
  }

  @Test
  void aStoreThatIsWrittenBackAndFencedIsDurable() {
    assertThat(
            words(
                List.of(
                    store(Kind.STORE, PAGE, 8, 5),
                    store(Kind.STORE, 5 * PAGE, 8, 5),
                    of(Kind.FLUSH, 5 * PAGE),
                    of(Kind.FENCE, 0),
                    store(Kind.STORE, 5 * PAGE, 8, 6),
                    of(Kind.FLUSH, 5 * PAGE))))
        .containsExactly(0L, 5L, 6L);
  }

  @Test
  void aStoreAroundTheCacheWaitsForAFence() {
    List<TraceRecord> stores =
        List.of(store(Kind.STORE_AROUND, PAGE, 8, 1), store(Kind.STORE_AROUND, 5 * PAGE, 8, 5));
    assertThat(words(stores)).containsExactly(0L, 5L);
  }

  @Test
  void aWordThatIsThereAlreadyIsNoStore() {
    TraceRecord same = store(Kind.STORE_AROUND, 5 * PAGE, 8, 5);
    List<TraceRecord> records =
        List.of(store(Kind.STORE, PAGE, 1, 1), same, of(Kind.FENCE, 0), same, same);
    TracedPages pages = TracedPages.of(records);
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(2L * PAGE));
    pages.repeat(records, memory);
    assertThat(memory.trace().events())
        .filteredOn(event -> event.kind() == TraceEvent.Kind.STORE && event.offset() == PAGE)
        .hasSize(1);
  }

  @Test
  void aWordThatTheCacheMayHoldIsStoredAgain() {
    assertThat(
            words(
                List.of(
                    store(Kind.STORE, PAGE, 8, 1),
                    store(Kind.STORE, 5 * PAGE, 8, 5),
                    store(Kind.STORE_AROUND, 5 * PAGE, 8, 5),
                    of(Kind.FENCE, 0),
                    store(Kind.STORE_AROUND, 5 * PAGE, 8, 6))))
        .containsExactly(0L, 5L, 6L);
  }

  @Test
  void narrowAndWideStoresKeepTheirBytes() {
    List<TraceRecord> records =
        List.of(
            store(Kind.STORE, 1, 1, 0x11),
            store(Kind.STORE, 2, 2, 0x2322),
            store(Kind.STORE, 4, 4, 0x37363534),
            new TraceRecord(Kind.STORE, 16, 16, 0, 0x0807060504030201L, 0x100f0e0d0c0b0a09L),
            store(Kind.STORE, 45, 2, 0x6665));
    TracedPages pages = TracedPages.of(records);
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(PAGE));
    pages.repeat(records, memory);
    assertThat(memory.getLong(0)).isEqualTo(0x3736353423221100L);
    assertThat(memory.getLong(16)).isEqualTo(0x0807060504030201L);
    assertThat(memory.getLong(24)).isEqualTo(0x100f0e0d0c0b0a09L);
    assertThat(memory.getByte(45)).isEqualTo((byte) 0x65);
    assertThat(memory.getByte(46)).isEqualTo((byte) 0x66);
  }
}
