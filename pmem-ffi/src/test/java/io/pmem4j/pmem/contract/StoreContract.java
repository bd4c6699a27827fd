// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Bulk stores and atomic values of every {@link PersistentMemory}: regions, devices and decorators.
 * Planted faults are decorators too.
 */
@Timeout(120)
abstract class StoreContract {
  /** More than three of the pieces that native copies are made in. */
  static final int SIZE = 256 << 10;

  private final Arena arena = Arena.ofShared();
  private PersistentMemory memory;

  /** Memory of {@link #SIZE} bytes of any content. */
  abstract PersistentMemory memory(Arena arena) throws Exception;

  @BeforeEach
  final void map() throws Exception {
    memory = memory(arena);
    memory.fill(0, SIZE, (byte) 0);
  }

  @AfterEach
  final void close() {
    arena.close();
  }

  private static byte[] random(int seed, int length) {
    byte[] bytes = new byte[length];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) random.nextInt(1, 256);
    }
    return bytes;
  }

  /** Every byte of the memory: what was stored, and zero around it. */
  private void assertHolds(String what, long offset, byte[] content) {
    MemorySegment expected = MemorySegment.ofArray(new byte[SIZE]);
    MemorySegment.copy(content, 0, expected, ValueLayout.JAVA_BYTE, offset, content.length);
    assertThat(memory.segment().mismatch(expected))
        .as("%s, first byte that differs", what)
        .isEqualTo(-1);
  }

  /** Around the sizes and alignments at which libpmem and the pieces change their way. */
  private static List<long[]> ranges() {
    List<long[]> ranges = new ArrayList<>();
    for (int length : new int[] {0, 1, 7, 8, 63, 64, 65, 255, 256, 257, 4096, 70_000, 200_003}) {
      for (int offset : new int[] {0, 1, 8, 63, 4095, 4096}) {
        ranges.add(new long[] {offset, length});
      }
    }
    ranges.add(new long[] {0, SIZE});
    ranges.add(new long[] {SIZE, 0});
    ranges.add(new long[] {SIZE - 1, 1});
    return ranges;
  }

  @Test
  void writesFromArrays() {
    for (Caching how : Caching.values()) {
      for (long[] range : ranges()) {
        byte[] source = random(1, (int) range[1] + 5);
        memory.write(range[0], source, 3, (int) range[1], how);
        memory.drain();
        byte[] part = java.util.Arrays.copyOfRange(source, 3, 3 + (int) range[1]);
        assertHolds(how + " " + range[0] + " +" + range[1], range[0], part);
        memory.fill(range[0], range[1], (byte) 0);
      }
    }
  }

  @Test
  void writesFromNativeAndHeapSegments() {
    for (Caching how : Caching.values()) {
      for (long[] range : ranges()) {
        byte[] content = random(2, (int) range[1]);
        try (Arena source = Arena.ofConfined()) {
          MemorySegment off = source.allocate(range[1] + 9);
          MemorySegment.copy(content, 0, off, ValueLayout.JAVA_BYTE, 9, content.length);
          memory.write(range[0], off, 9, range[1], how);
          memory.drain();
        }
        String what = how + " " + range[0] + " +" + range[1];
        assertHolds("native " + what, range[0], content);
        memory.fill(range[0], range[1], (byte) 0);
        memory.write(range[0], MemorySegment.ofArray(content), 0, range[1], how);
        memory.drain();
        assertHolds("heap " + what, range[0], content);
        memory.fill(range[0], range[1], (byte) 0);
      }
    }
  }

  /** The source is the memory itself: shifted by less than the length, in both directions. */
  @Test
  void writesFromItselfAsACopyWould() {
    for (Caching how : Caching.values()) {
      byte[] content = random(3, 150_000);
      memory.copy(1000, content, 0, content.length);
      memory.write(1100, memory.segment(), 1000, content.length, how);
      assertThat(part(1100, content.length)).as("up, %s", how).isEqualTo(content);
      memory.copy(1000, content, 0, content.length);
      memory.write(900, memory.segment(), 1000, content.length, how);
      assertThat(part(900, content.length)).as("down, %s", how).isEqualTo(content);
    }
  }

  private byte[] part(long offset, int length) {
    return memory.segment().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void writeFills() {
    for (Caching how : Caching.values()) {
      for (long[] range : ranges()) {
        memory.writeFill(range[0], range[1], (byte) -3, how);
        memory.drain();
        byte[] expected = new byte[(int) range[1]];
        java.util.Arrays.fill(expected, (byte) -3);
        assertHolds(how + " " + range[0] + " +" + range[1], range[0], expected);
        memory.fill(range[0], range[1], (byte) 0);
      }
    }
  }

  @Test
  void bulkStoresOutsideChangeNothing() {
    byte[] array = random(4, 64);
    MemorySegment segment = MemorySegment.ofArray(array);
    long[][] outside = {
      {-1, 8},
      {SIZE - 7, 8},
      {SIZE + 1, 0},
      {0, -1},
      {8, Long.MAX_VALUE},
      {Long.MAX_VALUE, 8},
      {Long.MIN_VALUE, 8},
      {0, SIZE + 1}
    };
    for (Caching how : Caching.values()) {
      for (long[] range : outside) {
        assertOutside(() -> memory.write(range[0], segment, 0, range[1], how));
        assertOutside(() -> memory.writeFill(range[0], range[1], (byte) 1, how));
        assertOutside(() -> memory.deepPersist(range[0], range[1]));
        if (range[1] == 8) {
          assertOutside(() -> memory.write(range[0], array, 0, 8, how));
        }
      }
      // outside the source
      assertOutside(() -> memory.write(0, array, 60, 5, how));
      assertOutside(() -> memory.write(0, array, -1, 5, how));
      assertOutside(() -> memory.write(0, segment, 60, 5, how));
      assertOutside(() -> memory.write(0, segment, Long.MAX_VALUE, 5, how));
    }
    assertThatNullPointerException().isThrownBy(() -> memory.write(0, array, 0, 8, null));
    assertHolds("after refusals", 0, new byte[0]);
  }

  private static void assertOutside(Runnable call) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(call::run);
  }

  /** The source's arena is checked as well as our own. */
  @Test
  void aClosedSourceIsRefused() {
    MemorySegment closed;
    try (Arena source = Arena.ofShared()) {
      closed = source.allocate(4096);
    }
    for (Caching how : Caching.values()) {
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> memory.write(0, closed, 0, 4096, how));
    }
    assertHolds("after refusals", 0, new byte[0]);
  }

  @Test
  void deepPersistAnswersForAnyRange() {
    memory.putLong(0, 1);
    deepPersist(memory, 0, 8);
    deepPersist(memory, 1, 5000);
    deepPersist(memory, 0, SIZE);
    deepPersist(memory, SIZE, 0);
    assertThat(memory.getLongAcquire(0)).isEqualTo(1);
  }

  /** A medium that may refuse says so here. */
  void deepPersist(PersistentMemory memory, long offset, long length) {
    memory.deepPersist(offset, length);
  }

  @Test
  void comparedAndPublishedOnlyWhereExpected() {
    memory.putLong(64, 5);
    assertThat(memory.compareAndPublish(64, 4, 6)).isFalse();
    assertThat(memory.getLongAcquire(64)).isEqualTo(5);
    assertThat(memory.compareAndPublish(64, 5, 0x0102030405060708L)).isTrue();
    assertThat(memory.getLongAcquire(64)).isEqualTo(0x0102030405060708L);
    assertThat(part(64, 8)).containsExactly(8, 7, 6, 5, 4, 3, 2, 1);
    assertThatIllegalArgumentException().isThrownBy(() -> memory.compareAndPublish(4, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> memory.getLongAcquire(4));
    assertOutside(() -> memory.compareAndPublish(SIZE, 0, 1));
    assertOutside(() -> memory.compareAndPublish(-8, 0, 1));
    assertOutside(() -> memory.getLongAcquire(SIZE));
    assertOutside(() -> memory.getLongAcquire(Long.MIN_VALUE));
  }

  /** Each of many increments by several threads counts. */
  @Test
  void compareAndPublishIsOneStep() throws Exception {
    int threads = 4;
    int increments = 500;
    Thread[] all = new Thread[threads];
    for (int i = 0; i < threads; i++) {
      all[i] =
          Thread.ofPlatform()
              .start(() -> {
                for (int done = 0; done < increments; ) {
                  long now = memory.getLongAcquire(128);
                  if (memory.compareAndPublish(128, now, now + 1)) {
                    done++;
                  }
                }
              });
    }
    for (Thread thread : all) {
      thread.join();
    }
    assertThat(memory.getLongAcquire(128)).isEqualTo((long) threads * increments);
  }

  /** A reader who sees the commit word sees what was stored before it. */
  @Test
  void publishedAfterWhatItCommits() throws Exception {
    int rounds = 1000;
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              for (long n = 1; n <= rounds; n++) {
                memory.putLong(4096, n);
                memory.publishLong(8192, n);
              }
            });
    long seen = 0;
    while (seen < rounds) {
      seen = memory.getLongAcquire(8192);
      long payload = memory.getLongAcquire(4096);
      assertThat(payload).isGreaterThanOrEqualTo(seen);
    }
    writer.join();
  }

  @Test
  void loadsAreLittleEndian() {
    memory.copy(64, new byte[] {1, 2, 3, 4, 5, 6, 7, (byte) 0x88}, 0, 8);
    assertThat(memory.getByte(71)).isEqualTo((byte) 0x88);
    assertThat(memory.getShort(66)).isEqualTo((short) 0x0403);
    assertThat(memory.getInt(68)).isEqualTo(0x88070605);
    assertThat(memory.getLong(64)).isEqualTo(0x8807060504030201L);
    assertThatIllegalArgumentException().isThrownBy(() -> memory.getShort(1));
    assertThatIllegalArgumentException().isThrownBy(() -> memory.getInt(2));
    assertThatIllegalArgumentException().isThrownBy(() -> memory.getLong(4));
    assertOutside(() -> memory.getByte(SIZE));
    assertOutside(() -> memory.getShort(-2));
    assertOutside(() -> memory.getInt(SIZE));
    assertOutside(() -> memory.getLong(Long.MIN_VALUE));
  }

  @Test
  void floatsAndDoublesKeepTheirBits() {
    memory.putFloat(64, -1.5f);
    memory.putDouble(72, Math.PI);
    assertThat(memory.getFloat(64)).isEqualTo(-1.5f);
    assertThat(memory.getDouble(72)).isEqualTo(Math.PI);
    assertThat(memory.getInt(64)).isEqualTo(0xbfc00000);
    assertThat(memory.getLong(72)).isEqualTo(0x400921fb54442d18L);
    memory.putFloat(64, Float.intBitsToFloat(0x7fc01234)); // a NaN with a payload
    assertThat(memory.getInt(64)).isEqualTo(0x7fc01234);
    assertThatIllegalArgumentException().isThrownBy(() -> memory.putFloat(2, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> memory.putDouble(4, 1));
  }

  @Test
  void atomicValuesWithoutPersist() throws Exception {
    memory.putLongRelease(64, 5);
    assertThat(memory.compareAndSetLong(64, 4, 9)).isFalse();
    assertThat(memory.compareAndSetLong(64, 5, 6)).isTrue();
    assertThat(memory.getAndAddLong(64, -10)).isEqualTo(6);
    assertThat(memory.getLong(64)).isEqualTo(-4);
    assertThatIllegalArgumentException().isThrownBy(() -> memory.putLongRelease(4, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> memory.getAndAddLong(4, 1));
    assertOutside(() -> memory.compareAndSetLong(SIZE, 0, 1));
    Thread[] adders = new Thread[4];
    for (int i = 0; i < adders.length; i++) {
      adders[i] =
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 500; n++) {
                  memory.getAndAddLong(128, 1);
                }
              });
    }
    for (Thread adder : adders) {
      adder.join();
    }
    assertThat(memory.getLong(128)).isEqualTo(2000);
  }

  @Test
  void buffersInAndOut() {
    byte[] content = random(5, 40);
    ByteBuffer source = ByteBuffer.wrap(content).position(3).limit(33);
    memory.copy(65, source);
    assertThat(source.position()).isEqualTo(33);
    assertThat(part(65, 30)).isEqualTo(java.util.Arrays.copyOfRange(content, 3, 33));
    ByteBuffer direct = ByteBuffer.allocateDirect(30);
    memory.read(65, direct);
    assertThat(direct.hasRemaining()).isFalse();
    assertThat(direct.flip()).isEqualTo(ByteBuffer.wrap(content, 3, 30));
    ByteBuffer tooMuch = ByteBuffer.allocate(9);
    assertOutside(() -> memory.copy(SIZE - 8, tooMuch));
    assertThat(tooMuch.position()).isZero();
  }

  /** Memory that has to see each store refuses; other memory shows the stores. */
  @Test
  void storesThroughTheWritableSegmentAreVisible() {
    MemorySegment writable;
    try {
      writable = memory.writable();
    } catch (UnsupportedOperationException refused) {
      assertThat(refused).hasMessageContaining("put");
      return;
    }
    writable.set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 7);
    assertThat(memory.getByte(SIZE - 1)).isEqualTo((byte) 7);
    memory.persist(SIZE - 1, 1);
  }
}
