// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.volume.Volume;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** An array of block pointers: the inode's, an indirect block's, or a detached one. */
sealed interface PointerArray {
  /** The bits of a pointer. */
  int get(int index);

  /** Stores a pointer. What was stored before is visible to whoever sees the new pointer. */
  void set(int index, int block);

  /** Returns the number of pointers. */
  int length();

  /** The block that the array is, or 0 when it is no block. */
  long blockNumber();

  /** {@code i_data} of an inode in memory; the inode is dirty after a store. */
  record InInode(Ext2Inode inode) implements PointerArray {
    @Override
    public int get(int index) {
      int block = inode.data[index];
      VarHandle.acquireFence();
      return block;
    }

    @Override
    public void set(int index, int block) {
      VarHandle.releaseFence();
      inode.data[index] = block;
      inode.markDirty();
    }

    @Override
    public int length() {
      return inode.data.length;
    }

    @Override
    public long blockNumber() {
      return 0;
    }
  }

  /** An indirect block on the medium. */
  record InBlock(Volume volume, long blockNumber) implements PointerArray {
    private static final ValueLayout.OfInt LE_INT =
        ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public int get(int index) {
      int block = volume.memory().segment().get(LE_INT, offset(index));
      VarHandle.acquireFence();
      return block;
    }

    @Override
    public void set(int index, int block) {
      VarHandle.releaseFence();
      volume.memory().putInt(offset(index), block);
      volume.dirtyBlocks().mark(blockNumber);
    }

    @Override
    public int length() {
      return volume.geometry().pointersPerBlock();
    }

    private long offset(int index) {
      return volume.geometry().offsetOf(blockNumber) + 4L * index;
    }
  }

  /** A pointer that was taken out of the tree, so that what hangs below it can be freed. */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  record Detached(int[] pointers) implements PointerArray {
    @Override
    public int get(int index) {
      return pointers[index];
    }

    @Override
    public void set(int index, int block) {
      pointers[index] = block;
    }

    @Override
    public int length() {
      return pointers.length;
    }

    @Override
    public long blockNumber() {
      return 0;
    }
  }
}
