// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static io.pmem4j.durable.DurableMapTest.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Structures in sparse files past 4 GiB, and numbers of pages up to 2^31. */
@Tag("slow")
@Timeout(120)
class LargeFilesTest {
  private static final int PAGE = MapPage.SIZE;
  private static final long GIB = 1L << 30;

  @TempDir Path folder;

  /** Sets the length of a file without allocating blocks; skips where that is not possible. */
  private Path sparse(Path path, long bytes) {
    String reason = "";
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    } catch (IOException refused) {
      reason = "no sparse file of " + bytes + " bytes here: " + refused.getMessage();
      System.out.println("skipped: " + reason);
    }
    assumeTrue(reason.isEmpty(), reason);
    return path;
  }

  /** Commits a key whose page is the given one, which a map would use only when it is full. */
  private static void commitAt(PersistentMemory memory, int page, byte[] key, byte[] value) {
    MapPages pages = new MapPages(memory, MapHeader.find(memory, false));
    MapRoot root = new MapOpening(pages).root();
    MapEdit edit = new MapEdit(pages, root);
    edit.put(key, value);
    assertThat(edit.pages()).isOne();
    MapCommit commit = new MapCommit(pages, edit, new int[] {page}, root.sequence() + 1, page + 1);
    commit.store();
    MapNode written = commit.written().getLast();
    memory.persist(MapPages.at(page), written.bytes.length);
    memory.publishLong(MapHeader.rootAt(written.sequence), written.word);
  }

  private Path map() throws IOException {
    Path path = folder.resolve("map");
    try (DurableMap map = DurableMap.openOrCreate(path, 3 * PAGE)) {
      map.put(key(1), key(1));
    }
    return path;
  }

  @Test
  void aMapWithPagesPastFourGibibytes() throws Exception {
    Path path = sparse(map(), 6 * GIB);
    try (Arena arena = Arena.ofShared()) {
      PersistentMemory memory = Pmem.map(path, MapSpec.existing().exclusive(), arena);
      commitAt(memory, (int) (5 * GIB / PAGE), key(2), key(2));
      commitAt(memory, (int) (6 * GIB / PAGE - 1), key(3), key(3));
    }
    for (int run = 0; run < 2; run++) {
      try (DurableMap map = DurableMap.open(path)) {
        assertThat(map.check()).isPositive();
        for (int i = 1; i <= 3; i++) {
          assertThat(map.get(key(i))).isEqualTo(key(i));
        }
        map.put(key(4 + run), new byte[10_000]);
        assertThat(map.size()).isEqualTo(4 + run);
      }
    }
    assertThat(Files.size(path)).isEqualTo(6 * GIB);
  }

  @Test
  void aMapThatGrowsPastFourGibibytes() throws Exception {
    long before = 4 * GIB - 2 * PAGE;
    long most = 4 * GIB + 64 * PAGE;
    Path path = sparse(map(), before);
    int page = (int) (4 * GIB / PAGE) + 3;
    try (MapMemory file = MapMemory.open(path, MapSpec.existing().exclusive(), most)) {
      PersistentMemory grown = file.grow(file.first, 10);
      assertThat(grown.byteSize()).isEqualTo(most);
      commitAt(grown, page, key(2), key(2));
      assertThatExceptionOfType(MapFullException.class).isThrownBy(() -> file.grow(grown, 1));
    }
    try (DurableMap map = DurableMap.builder().maxBytes(most).open(path)) {
      assertThat(map.get(key(1))).isEqualTo(key(1));
      assertThat(map.get(key(2))).isEqualTo(key(2));
      map.put(key(3), key(3));
      assertThat(map.check()).isPositive();
    }
    assertThat(Files.size(path)).isEqualTo(most);
  }

  /** Memory of 16 TiB of which one page is there. */
  private static final class FarMemory extends ArrayMemory {
    private final long from;

    FarMemory(long from) {
      super(Granularity.CACHE_LINE, 3 * PAGE, 0);
      this.from = from;
    }

    private long near(long offset) {
      return offset < 2 * PAGE ? offset : 2 * PAGE + (offset - from);
    }

    @Override
    public long byteSize() {
      return 16L << 40;
    }

    @Override
    public long getLong(long offset) {
      return super.getLong(near(offset));
    }

    @Override
    public int getInt(long offset) {
      return super.getInt(near(offset));
    }

    @Override
    public void read(long offset, byte[] target, int at, int length) {
      super.read(near(offset), target, at, length);
    }

    @Override
    public void copy(long offset, byte[] source, int at, int length) {
      super.copy(near(offset), source, at, length);
    }

    @Override
    public void persist(long offset, long length) {}

    @Override
    public void flush(long offset, long length) {}
  }

  /** The last page that a number has is the one before 2^31 - 1; the rest is not used. */
  @Test
  void aMapWithTheLastPageThatHasANumber() {
    int last = Integer.MAX_VALUE - 1;
    FarMemory memory = new FarMemory((long) last * PAGE);
    for (long at : new long[] {0, PAGE}) {
      MapHeader.TWIN.write(
          memory, at, MapHeader.TWIN.fields(MapHeader.BYTES).putLong(7).putInt(PAGE));
    }
    commitAt(memory, last, key(2), key(2));
    DurableMap map = DurableMap.open(memory);
    assertThat(map.get(key(2))).isEqualTo(key(2));
    assertThat(map.size()).isOne();
    assertThat(MapPages.at(last)).isEqualTo((1L << 43) - 2 * PAGE);
    assertThat(new MapPages(memory, 7).count()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void aLogWithRecordsPastFourGibibytes() throws Exception {
    long capacity = 4 * GIB + (64 << 10);
    Path path = sparse(folder.resolve("log"), LogHeader.RING + capacity);
    long head = 3 * capacity - (16 << 10); // the records go over the end of the ring
    try (Arena arena = Arena.ofShared()) {
      PersistentMemory memory = Pmem.map(path, MapSpec.existing().exclusive(), arena);
      new LogHeader(2, 5, capacity, head, 1, 1).write(memory);
    }
    try (DurableLog log = DurableLog.open(path)) {
      for (int i = 0; i < 40; i++) {
        log.append(DurableLogTest.bytes(i, 1000));
      }
      assertThat(log.durableEnd()).isGreaterThan(3 * capacity);
    }
    try (DurableLog log = DurableLog.open(path)) {
      List<byte[]> found = DurableLogTest.all(log);
      assertThat(found).hasSize(40);
      for (int i = 0; i < 40; i++) {
        assertThat(found.get(i)).isEqualTo(DurableLogTest.bytes(i, 1000));
      }
      log.truncatePrefix(log.durableEnd());
    }
  }

  @Test
  void aStoreWithSlotsPastFourGibibytes() throws Exception {
    int slotBytes = (64 << 20) - 16;
    int slots = 66;
    Path path = sparse(folder.resolve("store"), 8192 + 66L * (64 << 20));
    try (SlotStore store = SlotStore.openOrCreate(path, slotBytes, slots)) {
      for (int i = 0; i < slots; i++) {
        assertThat(store.write(DurableLogTest.bytes(i, 100))).isEqualTo(i);
      }
      store.free(slots - 2);
    }
    try (SlotStore store = SlotStore.openOrCreate(path, slotBytes, slots)) {
      assertThat(store.slots().count()).isEqualTo(slots - 1);
      assertThat(store.read(slots - 1)).isEqualTo(DurableLogTest.bytes(slots - 1, 100));
      assertThat(store.tornSlots()).isZero();
    }
  }
}
