// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.sched.Scheduler;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page cache over a device of arrays, with one, two and four blocks in a page. */
class PageCacheTest {
  private static final int P = FilePage.BYTES;

  private BlockHost host;
  private PageReclaim memory;
  private PageCache cache;
  private BufferedIo io;

  private void open(int blockBytes, int pages) {
    host = new BlockHost(blockBytes);
    memory = new PageReclaim(pages);
    Scheduler scheduler = Scheduler.production();
    LockValidator validator = new LockValidator(LockOrder.MERGED, scheduler);
    MappingTree mappings = new MappingTree(scheduler, validator, "inode 12");
    cache = new PageCache(host, mappings, memory, scheduler, validator);
    io = new BufferedIo(cache);
    host.truncate = new PageTruncate(cache, io);
  }

  private void write(long at, byte[] bytes) throws Ext2Exception {
    assertThat(io.write(at, UserBuffer.of(bytes), bytes.length)).isEqualTo(bytes.length);
  }

  private byte[] read(long at, int length) throws Ext2Exception {
    byte[] target = new byte[length];
    return Arrays.copyOf(target, io.read(at, UserBuffer.of(target)));
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2048, 4096})
  void randomOperationsEqualAnArrayAndStayWithinTheMemory(int blockBytes) throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      open(blockBytes, 4);
      Random random = new Random(seed);
      byte[] expected = new byte[0];
      for (int step = 0; step < 150; step++) {
        int at = random.nextInt(12 * P);
        switch (random.nextInt(6)) {
          case 0, 1, 2 -> {
            byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 3 * P : 100)];
            random.nextBytes(bytes);
            write(at, bytes);
            expected = Arrays.copyOf(expected, Math.max(expected.length, at + bytes.length));
            System.arraycopy(bytes, 0, expected, at, bytes.length);
          }
          case 3 -> {
            host.setSize(at);
            expected = Arrays.copyOf(expected, at);
          }
          case 4 -> {
            cache.writeback().range(0, Long.MAX_VALUE);
            assertThat(host.onDevice()).isEqualTo(expected);
          }
          default -> {
            int end = Math.min(expected.length, at + 2 * P);
            byte[] there = at >= end ? new byte[0] : Arrays.copyOfRange(expected, at, end);
            assertThat(read(at, 2 * P)).isEqualTo(there);
          }
        }
        assertThat(memory.pages()).isLessThanOrEqualTo(4);
      }
      assertThat(read(0, 16 * P)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 4096})
  void aBlockIsAllocatedByTheWriteAndWrittenLater(int blockBytes) throws Exception {
    open(blockBytes, 8);
    write(100, filled(50, 7));
    assertThat(host.allocated).containsExactly(0L);
    assertThat(host.onDevice()).isEqualTo(filled(150, BlockHost.OTHERS));
    cache.writeback().range(0, Long.MAX_VALUE);
    byte[] expected = new byte[150];
    Arrays.fill(expected, 100, 150, (byte) 7);
    assertThat(host.onDevice()).isEqualTo(expected);
    assertThat(cache.anyDirty()).isFalse();
  }

  @Test
  void theRestOfANewBlockIsZeros() throws Exception {
    open(1024, 8);
    write(1500, filled(10, 7));
    host.setSize(4096);
    cache.writeback().range(0, Long.MAX_VALUE);
    byte[] expected = new byte[4096];
    Arrays.fill(expected, 1500, 1510, (byte) 7);
    assertThat(host.onDevice()).isEqualTo(expected);
    assertThat(read(0, P)).isEqualTo(expected);
    assertThat(host.allocated).containsExactly(1L);
  }

  @Test
  void aWriteThatFindsNoSpaceInTheMiddleOfAPageLeavesNothingPastTheSize() throws Exception {
    open(1024, 8);
    write(0, filled(1024, 1));
    host.free = 1;
    assertThatThrownBy(() -> write(1024, filled(3072, 2))).hasMessageContaining("ENOSPC");
    assertThat(host.size).isEqualTo(1024);
    assertThat(host.blocks).hasSize(1);
    host.free = 3;
    host.setSize(4096);
    cache.writeback().range(0, Long.MAX_VALUE);
    assertThat(host.onDevice()).isEqualTo(Arrays.copyOf(filled(1024, 1), 4096));
  }

  @Test
  void aWriteInsideTheFileThatFindsNoSpaceShowsZerosAndNotTheLastOwner() throws Exception {
    open(1024, 8);
    host.setSize(4096);
    host.free = 1;
    assertThatThrownBy(() -> write(0, filled(2048, 2))).hasMessageContaining("ENOSPC");
    assertThat(read(0, P)).isEqualTo(new byte[P]);
    cache.writeback().range(0, Long.MAX_VALUE);
    assertThat(host.onDevice()).isEqualTo(new byte[P]);
  }

  @Test
  void aPageIsWrittenUpToTheSizeAndZerosFollow() throws Exception {
    open(4096, 8);
    host.setSize(100);
    dirtyByMapping(0, 5);
    cache.writeback().range(0, Long.MAX_VALUE);
    byte[] block = host.device.get(host.blocks.get(0L));
    assertThat(Arrays.copyOf(block, 100)).isEqualTo(filled(100, 5));
    assertThat(Arrays.copyOfRange(block, 100, P)).isEqualTo(new byte[P - 100]);
  }

  /** Does what a store of a whole page through a mapping does. */
  private void dirtyByMapping(long index, int value) throws Ext2Exception {
    try (PageCache.Locked locked = cache.grab(index)) {
      cache.readLocked(locked.page());
      cache.dirtyLocked(locked.page());
      Arrays.fill(locked.page().bytes(), (byte) value);
    }
  }

  @Test
  void holesGetTheirBlocksInTheOrderOfIndexesAndOnlyBelowTheEnd() throws Exception {
    open(1024, 8);
    host.setSize(2 * P + 1025);
    dirtyByMapping(2, 1);
    dirtyByMapping(0, 2);
    assertThat(host.allocated).isEmpty();
    cache.writeback().range(0, Long.MAX_VALUE);
    assertThat(host.allocated).containsExactly(0L, 1L, 2L, 3L, 8L, 9L);
  }

  @Test
  void anErrorOfWritingBackIsToldOnceToEachOpenFile() throws Exception {
    open(4096, 8);
    host.setSize(2 * P);
    WritebackErrors.View first = cache.writeback().errors().open();
    WritebackErrors.View second = cache.writeback().errors().open();
    dirtyByMapping(0, 1);
    dirtyByMapping(1, 2);
    host.free = 1;
    assertThatThrownBy(() -> cache.writeback().range(0, Long.MAX_VALUE))
        .hasMessageContaining("ENOSPC");
    WritebackErrors.View third = cache.writeback().errors().open();
    assertThatThrownBy(first::check).hasMessageContaining("ENOSPC");
    first.check();
    cache.writeback().errors().open().check();
    assertThatThrownBy(second::check).hasMessageContaining("ENOSPC");
    assertThatThrownBy(third::check).hasMessageContaining("ENOSPC");
    assertThat(cache.anyDirty()).isFalse();
    assertThat(read(P, 1)).containsExactly(2);
    host.free = 1;
    cache.writeback().range(0, Long.MAX_VALUE);
    assertThat(host.blocks).hasSize(1);
  }

  @Test
  void cleanPagesGoBeforeDirtyOnes() throws Exception {
    open(4096, 4);
    host.setSize(8 * P);
    write(0, filled(P, 1));
    read(P, 3 * P);
    assertThat(memory.pages()).isEqualTo(4);
    read(4 * P, 1);
    assertThat(host.onDevice()).startsWith(filled(P, BlockHost.OTHERS));
    assertThat(cache.anyDirty()).isTrue();
    for (int i = 1; i < 8; i++) {
      write((long) i * P, filled(P, 1));
    }
    assertThat(memory.pages()).isLessThanOrEqualTo(4);
    assertThat(read(0, 8 * P)).isEqualTo(filled(8 * P, 1));
  }

  @Test
  void directCallsPassTheCacheAndStayCoherentWithIt() throws Exception {
    open(1024, 8);
    DirectIo direct = new BlockdevDirectIo(cache, host.truncate, io);
    write(0, filled(2048, 1));
    byte[] two = filled(512, 2);
    assertThat(direct.write(512, UserBuffer.of(two), 512)).isEqualTo(512);
    assertThat(read(0, 1024)).startsWith(filled(512, 1)).endsWith(two);
    write(1024, filled(10, 3));
    byte[] target = new byte[2048];
    assertThat(direct.read(1024, UserBuffer.of(target))).isEqualTo(1024);
    assertThat(target).startsWith(filled(10, 3));
    assertThat(direct.write(2048, UserBuffer.of(filled(512, 4)), 512)).isEqualTo(512);
    assertThat(host.size).isEqualTo(2560);
    host.setSize(3072);
    assertThat(read(2560, 1024)).isEqualTo(new byte[512]);
    host.setSize(8192);
    assertThat(direct.write(7168, UserBuffer.of(filled(1024, 5)), 1024)).isEqualTo(1024);
    assertThat(cache.anyDirty()).isFalse();
    assertThat(read(7168, 1024)).isEqualTo(filled(1024, 5));
    assertThatThrownBy(() -> direct.write(1, UserBuffer.of(two), 512))
        .hasMessageContaining("multiples of 512");
  }

  @Test
  void aCutPageShowsZerosWhenTheFileGrowsAgain() throws Exception {
    open(1024, 8);
    write(0, filled(2 * P, 9));
    host.setSize(1500);
    host.setSize(2 * P);
    byte[] expected = Arrays.copyOf(filled(1500, 9), 2 * P);
    assertThat(read(0, 2 * P)).isEqualTo(expected);
    cache.writeback().range(0, Long.MAX_VALUE);
    assertThat(host.onDevice()).isEqualTo(expected);
    assertThat(host.blocks.keySet()).containsExactly(0L, 1L);
    write(3000, filled(10, 4));
    Arrays.fill(expected, 3000, 3010, (byte) 4);
    cache.writeback().range(0, Long.MAX_VALUE);
    assertThat(host.onDevice()).isEqualTo(expected);
  }
}
