// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** O_DIRECT of Linux 6.6 and later, and writes of 6.1, in pages of four blocks. */
class IomapDirectIoTest {
  private static final int BLOCK = 1024;

  private final BlockHost host = new BlockHost(BLOCK);
  private final PageCache cache;
  private final BufferedIo io;
  private final DirectIo direct;

  IomapDirectIoTest() {
    Scheduler scheduler = Scheduler.production();
    LockValidator validator = new LockValidator(LockOrder.MERGED, scheduler);
    MappingTree mappings = new MappingTree(scheduler, validator, "inode 12");
    cache = new PageCache(host, mappings, new PageReclaim(8), scheduler, validator);
    io = new BufferedIo(cache, BufferedIoRules.LINUX_6_1);
    host.truncate = new PageTruncate(cache, io);
    direct = new IomapDirectIo(cache, host.truncate, io);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private void write(long at, byte[] bytes) throws Ext2Exception {
    assertThat(io.write(at, UserBuffer.of(bytes), bytes.length)).isEqualTo(bytes.length);
  }

  private byte[] read(long at, int length) throws Ext2Exception {
    byte[] target = new byte[length];
    return Arrays.copyOf(target, io.read(at, UserBuffer.of(target)));
  }

  private byte[] block(long fileBlock) {
    return host.device.get(host.blocks.get(fileBlock));
  }

  /** Memory of which only the first bytes can be read. */
  private static UserBuffer ending(byte[] bytes, int readable) {
    UserBuffer whole = UserBuffer.of(bytes);
    return new UserBuffer() {
      @Override
      public int length() {
        return whole.length();
      }

      @Override
      public int load(int from, byte[] target, int at, int length) {
        return whole.load(from, target, at, Math.clamp(readable - from, 0, length));
      }

      @Override
      public int copyFrom(int from, PersistentMemory memory, long address, int length) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int copyTo(int to, PersistentMemory memory, long address, int length) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int store(int to, byte[] source, int at, int length) {
        throw new UnsupportedOperationException();
      }

      @Override
      public int zero(int to, int length, int unit) {
        throw new UnsupportedOperationException();
      }
    };
  }

  @Test
  void onlyWhatHasBlocksIsAligned() throws Exception {
    write(4096, filled(BLOCK, 1));
    host.setSize(9000);
    byte[] target = filled(100, 7);
    assertThat(direct.read(5120, UserBuffer.of(target))).isEqualTo(100);
    assertThat(target).containsOnly(0);
    assertThat(direct.read(8999, UserBuffer.of(target))).isEqualTo(1);
    assertThat(direct.read(9000, UserBuffer.of(target))).isZero();
    assertThatThrownBy(() -> direct.read(4097, UserBuffer.of(target)))
        .hasMessageContaining("multiples of 512");
    // A hole and then an unaligned part of a block: the call fails as a whole.
    assertThatThrownBy(() -> direct.read(3072, UserBuffer.of(new byte[1100])))
        .hasMessageContaining("multiples of 512");
    assertThatThrownBy(() -> direct.write(4097, UserBuffer.of(target), 100))
        .hasMessageContaining("multiples of 512");
    assertThat(direct.write(8999, UserBuffer.of(target), 100)).isEqualTo(100);
    assertThat(host.size).isEqualTo(9099);
    assertThat(read(9000, 100)).containsOnly(0);
    assertThat(direct.readIsAccess()).isFalse();
  }

  @Test
  void aReadFindsWhatIsDirtyInTheCache() throws Exception {
    write(0, filled(2 * BLOCK, 1));
    byte[] target = new byte[2 * BLOCK];
    assertThat(direct.read(0, UserBuffer.of(target))).isEqualTo(2 * BLOCK);
    assertThat(target).containsOnly(1);
  }

  @Test
  void theCacheShowsWhatWasWrittenAroundIt() throws Exception {
    write(0, filled(4 * BLOCK, 1));
    assertThat(direct.write(512, UserBuffer.of(filled(512, 2)), 512)).isEqualTo(512);
    assertThat(read(0, BLOCK)).startsWith(filled(512, 1)).endsWith(filled(512, 2));
  }

  @Test
  void zerosSurroundAPartOfANewBlock() throws Exception {
    host.setSize(BLOCK);
    assertThat(direct.write(BLOCK + 512, UserBuffer.of(filled(512, 3)), 512)).isEqualTo(512);
    assertThat(block(1)).startsWith(new byte[512]).endsWith(filled(512, 3));
  }

  @Test
  void zerosFollowTheNewEndOfTheFile() throws Exception {
    assertThat(direct.write(0, UserBuffer.of(filled(BLOCK, 9)), BLOCK)).isEqualTo(BLOCK);
    host.size = 100; // as a store through a mapping leaves bytes past EOF
    assertThat(direct.write(0, UserBuffer.of(filled(512, 4)), 512)).isEqualTo(512);
    assertThat(block(0)).startsWith(filled(512, 4)).endsWith(new byte[512]);
    assertThat(host.size).isEqualTo(512);
  }

  @Test
  void holesBelowTheSizeAreFilledThroughTheCache() throws Exception {
    host.setSize(4 * BLOCK);
    assertThat(direct.write(BLOCK, UserBuffer.of(filled(BLOCK, 5)), BLOCK)).isEqualTo(BLOCK);
    assertThat(cache.holds(0)).as("a page that was needed for it").isFalse();
    assertThat(direct.write(0, UserBuffer.of(filled(100, 6)), 100)).isEqualTo(100);
    assertThat(block(0)).startsWith(filled(100, 6)).endsWith(new byte[BLOCK - 100]);
  }

  @Test
  void wholeSectorsBeforeTheEndOfTheMemoryAreWrittenAndTheCallFails() throws Exception {
    write(0, filled(2 * BLOCK, 1));
    UserBuffer source = ending(filled(2 * BLOCK, 7), 700);
    assertThatThrownBy(() -> direct.write(0, source, 2 * BLOCK)).hasMessageContaining("EFAULT");
    assertThat(read(0, 2 * BLOCK)).startsWith(filled(512, 7)).endsWith(filled(2 * BLOCK - 512, 1));
  }

  @Test
  void anAppendThatFailsKeepsItsBlockUnlessItAskedForThePlace() throws Exception {
    host.setSize(BLOCK);
    UserBuffer source = UserBuffer.of(filled(100, 1));
    assertThatThrownBy(() -> direct.write(BLOCK, source, 100, 100))
        .hasMessageContaining("multiples of 512");
    assertThat(host.blocks.keySet()).containsExactly(1L);
    assertThatThrownBy(() -> direct.write(BLOCK, source, 100))
        .hasMessageContaining("multiples of 512");
    assertThat(host.blocks).isEmpty();
  }

  @Test
  void aWriteThroughTheCacheTakesTheBytesBeforeTheFirstThatCannotBeRead() throws Exception {
    UserBuffer source = ending(filled(3 * BLOCK, 8), 1500);
    host.setSize(4 * BLOCK);
    // Not up to date: nothing, then as much as there is.
    assertThat(io.write(500, source, 3 * BLOCK)).isEqualTo(1500);
    assertThat(host.blocks.keySet()).containsExactly(0L, 1L, 2L, 3L);
    byte[] expected = new byte[4 * BLOCK];
    Arrays.fill(expected, 500, 2000, (byte) 8);
    assertThat(read(0, 4 * BLOCK)).isEqualTo(expected);
    // Up to date now, and past EOF: blocks of bytes that did not come are given back.
    assertThat(io.write(5 * BLOCK, source, 3 * BLOCK)).isEqualTo(1500);
    assertThat(host.size).isEqualTo(5 * BLOCK + 1500);
    assertThat(host.blocks.keySet()).containsExactly(0L, 1L, 2L, 3L, 5L, 6L);
    UserBuffer nothing = ending(filled(100, 8), 0);
    assertThatThrownBy(() -> io.write(0, nothing, 100)).hasMessageContaining("EFAULT");
    BufferedIo before = new BufferedIo(cache);
    assertThatThrownBy(() -> before.write(0, source, 2 * BLOCK)).hasMessageContaining("EFAULT");
  }
}
