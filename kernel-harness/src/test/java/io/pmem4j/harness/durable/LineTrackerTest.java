// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LineTrackerTest {
  private static final long LINE = TrackedBlock.LINE_BYTES;

  private final MemorySegment memory = MemorySegment.ofArray(new byte[2 * TrackedBlock.BYTES]);
  private final LineTracker lines = new LineTracker(memory, () -> this.running);
  private Object running = "A";

  @BeforeEach
  void begin() {
    lines.reset();
  }

  private void store(long offset, int value) {
    lines.storing(offset, 1, false);
    memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, offset, (byte) value);
  }

  /** The lines whose settled stores the medium lacks, with their state. */
  private List<String> lacking() {
    List<String> lacking = new ArrayList<>();
    lines
        .settledNow()
        .forEachLacking(
            lines,
            each -> lacking.add(each.line() + " " + each.block().state(each.line(), each.time())));
    return lacking;
  }

  @Test
  void aStoreIsDirtyThenPendingThenDurable() {
    store(LINE, 1);
    assertThat(lacking()).containsExactly("1 dirty");
    assertThat(lines.isUnflushed(0)).isTrue();
    lines.flushed(LINE, 1);
    assertThat(lacking()).containsExactly("1 pending");
    assertThat(lines.isUnflushed(0)).isFalse();
    lines.drained();
    assertThat(lacking()).isEmpty();
  }

  @Test
  void aDrainCoversNothingThatAnotherTaskHasFlushed() {
    store(0, 1);
    lines.flushed(0, 1);
    running = "B";
    lines.drained();
    assertThat(lacking()).containsExactly("0 pending");
    running = "A";
    lines.drained();
    assertThat(lacking()).isEmpty();
  }

  @Test
  void aTaskMayFlushAndDrainTheStoreOfAnother() {
    store(0, 1);
    running = "B";
    lines.flushed(0, 1);
    lines.drained();
    assertThat(lacking()).isEmpty();
  }

  @Test
  void aStoreToAPendingLineMakesItDirtyAgain() {
    store(0, 1);
    lines.flushed(0, 1);
    store(0, 2);
    lines.drained();
    assertThat(lacking()).containsExactly("0 dirty");
  }

  /** The medium has the content of the flush, which is that of the first store. */
  @Test
  void whatWasFlushedIsDurableAlthoughAnotherStoreFollows() {
    store(0, 1);
    RequiredLines first = lines.settledNow();
    lines.flushed(0, 1);
    store(0, 2);
    lines.drained();
    List<Integer> lacking = new ArrayList<>();
    first.forEachLacking(lines, each -> lacking.add(each.line()));
    assertThat(lacking).isEmpty();
  }

  @Test
  void theSameBytesAgainLackNothing() {
    store(0, 1);
    lines.flushed(0, 1);
    lines.drained();
    store(0, 1);
    assertThat(lacking()).isEmpty();
  }

  @Test
  void aStoreOfAnOperationIsSettledWhenTheOperationReturns() {
    lines.beginOperation();
    store(0, 1);
    assertThat(lacking()).isEmpty();
    lines.endOperation();
    assertThat(lacking()).containsExactly("0 dirty");
  }

  @Test
  void aRangeTouchesEveryLineOfEveryBlockInIt() {
    long last = TrackedBlock.BYTES - 1;
    lines.storing(last, LINE + 2, false);
    memory.asSlice(last, LINE + 2).fill((byte) 1);
    assertThat(lacking()).containsExactly("63 dirty", "0 dirty", "1 dirty");
    lines.flushed(0, 2 * TrackedBlock.BYTES);
    lines.drained();
    assertThat(lacking()).isEmpty();
  }

  @Test
  void anewEverythingIsDurable() {
    store(0, 1);
    lines.reset();
    assertThat(lacking()).isEmpty();
    store(LINE, 1);
    assertThat(lacking()).containsExactly("1 dirty");
  }
}
