// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A file of four pages whose second one lies on a block that cannot be read. */
class UnreadableBlockTest extends OnImage {
  private static final byte OLD = 0x41;

  @BeforeEach
  void fourPages() throws Exception {
    f.pwrite(0, bytes(4 * P, OLD));
  }

  private void mark() throws Exception {
    Extent extent = f.fiemap().getFirst();
    assertThat(extent.lengthBytes()).isEqualTo(4 * P);
    fs.markUnreadable(extent.physicalBytes() / P + 1);
  }

  private static void assertEio(ThrowingCallable call) {
    assertThatExceptionOfType(Ext2Exception.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
        .withMessageContaining("is unreadable");
  }

  @Test
  void loadsAndStoresRaiseSigbus() throws Exception {
    mark();
    Vma m = shared(f, 4 * P);
    assertBusError(m, P, () -> load(m, P));
    assertBusError(m, 2 * P - 1, () -> store(m, 2 * P - 1, 1));
    assertThat(load(m, 0)).isEqualTo(OLD);
    assertThat(load(m, 2 * P)).isEqualTo(OLD);
  }

  @Test
  void aPageTableGoesOnShowingIt() throws Exception {
    Vma m = shared(f, 4 * P);
    store(m, P, 7);
    mark();
    assertThat(load(m, P)).isEqualTo((byte) 7);
    f.fsync();
  }

  @Test
  void aPrivateCopyIsRefused() throws Exception {
    mark();
    Vma p = map(mm, f, 4 * P, AddressSpace.MAP_PRIVATE);
    assertBusError(p, P, () -> store(p, P, 1));
    store(p, 0, 2);
    assertThat(load(p, 0)).isEqualTo((byte) 2);
  }

  @Test
  void aRunOfBlocksIsReadAndWrittenAsAWhole() throws Exception {
    mark();
    assertThat(f.pread(0, new byte[P])).isEqualTo(P);
    assertEio(() -> f.pread(0, new byte[P + 1]));
    assertThat(f.pread(2 * P, new byte[3 * P])).isEqualTo(2 * P);
    assertEio(() -> f.pwrite(0, new byte[2 * P]));
    assertThat(read(f, 0)).as("nothing of it is written").isEqualTo(OLD);
    // Two bytes are one block to the lookup: the second one is another piece.
    assertThat(f.pwrite(P - 1, new byte[2])).isEqualTo(1);
  }

  @Test
  void truncationIntoItIsRefusedAndPastItIsNot() throws Exception {
    mark();
    assertEio(() -> f.truncate(P + 1));
    assertThat(f.stat().size()).isEqualTo(4 * P);
    f.truncate(2 * P);
    f.truncate(P);
    assertThat(f.stat().size()).isEqualTo(P);
  }

  /** It is given out once: nothing gives it back before e2fsck does. */
  @Test
  void aFreedBlockIsRefusedWhereItIsGivenOutAgain() throws Exception {
    losesBlocks = true;
    mark();
    long before = fs.use().freeBlocks();
    f.truncate(0);
    assertEio(() -> f.pwrite(0, bytes(4 * P, OLD)));
    assertThat(f.stat().size()).isZero();
    assertThat(fs.use().freeBlocks())
        .as("the blocks of the failed write are lost")
        .isEqualTo(before);
    assertThat(f.pwrite(0, bytes(4 * P, OLD))).isEqualTo(4 * P);
    assertThat(read(f, P)).isEqualTo(OLD);
  }

  @Test
  void aFaultThatIsGivenAFreedBlockRaisesSigbusOnce() throws Exception {
    losesBlocks = true;
    mark();
    f.truncate(P);
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    assertBusError(m, P, () -> store(m, P, 1));
    store(m, P, 2);
    assertThat(load(m, P)).isEqualTo((byte) 2);
  }
}
