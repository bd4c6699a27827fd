// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The moment at which an inode became dirty decides when sync writes it back. */
class InodeChangesTest {
  private final InodeChanges inode = new InodeChanges();
  private final InodeChanges other = new InodeChanges();

  @Test
  void anInodeWithDirtyPagesKeepsItsPlaceWhenItChanges() {
    inode.pagesDirty();
    other.mark();
    inode.mark();
    inode.markTimes();
    inode.pagesDirty();
    assertThat(inode.since()).isLessThan(other.since());
  }

  @Test
  void theTableAloneDoesNotMakeAnInodeWithDirtyPagesClean() {
    inode.pagesDirty();
    inode.mark();
    other.mark();
    inode.written(inode.count());
    inode.mark();
    assertThat(inode.since()).isLessThan(other.since());
  }

  @Test
  void anInodeThatWasWrittenBackComesLast() {
    inode.pagesDirty();
    inode.mark();
    other.mark();
    inode.written(inode.count());
    inode.wroteBack(false, DirtyOrder.LINUX_5_10);
    inode.mark();
    assertThat(inode.since()).isGreaterThan(other.since());
  }

  @Test
  void aPartThatWasSyncedMovesAnInodeInLaterKernels() {
    inode.pagesDirty();
    other.mark();
    inode.wroteBack(true, DirtyOrder.LINUX_5_10);
    assertThat(inode.since()).isLessThan(other.since());
    inode.wroteBack(true, DirtyOrder.LINUX_6_1);
    assertThat(inode.since()).isGreaterThan(other.since());
  }
}
