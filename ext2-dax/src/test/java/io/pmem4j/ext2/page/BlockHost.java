// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A file with a block map in a table and a device of arrays; new blocks hold 0xee. */
final class BlockHost implements PageCacheHost {
  static final byte OTHERS = (byte) 0xee;

  final int blockBytes;
  final TreeMap<Long, Long> blocks = new TreeMap<>();
  final Map<Long, byte[]> device = new HashMap<>();
  final List<Long> allocated = new ArrayList<>();

  /** Blocks that can still be allocated. */
  int free = Integer.MAX_VALUE;

  long size;
  PageTruncate truncate;
  private long next = 1;

  BlockHost(int blockBytes) {
    this.blockBytes = blockBytes;
  }

  @Override
  public long ino() {
    return 12;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public long maxBytes() {
    return 1L << 40;
  }

  @Override
  public Block block(long fileBlock, int wanted, boolean create) throws Ext2Exception {
    Long found = blocks.get(fileBlock);
    if (found != null) {
      return new Block(found, 1, false);
    }
    if (!create) {
      return new Block(0, 0, false);
    }
    if (free == 0) {
      throw new Ext2Exception(Errno.ENOSPC, "no block is free");
    }
    free--;
    allocated.add(fileBlock);
    blocks.put(fileBlock, next);
    byte[] others = new byte[blockBytes];
    java.util.Arrays.fill(others, OTHERS);
    device.put(next, others);
    return new Block(next++, 1, true);
  }

  @Override
  public void read(long block, byte[] target, int at) {
    System.arraycopy(device.get(block), 0, target, at, blockBytes);
  }

  @Override
  public void write(long block, byte[] source, int at) {
    System.arraycopy(source, at, device.get(block), 0, blockBytes);
  }

  @Override
  public void sizeLocked(long bytes) {
    size = bytes;
  }

  @Override
  public void writeFailed(long end) {
    if (end > size) {
      truncate.cut(size);
      blocks.tailMap(Math.ceilDiv(size, blockBytes), true).clear();
    }
  }

  @Override
  public void pagesDirty() {}

  /** Sets the size as {@code ext2_setsize} does. */
  void setSize(long now) throws Ext2Exception {
    truncate.zeroTail(now);
    long before = size;
    size = now;
    truncate.sizeChanged(before, now);
    blocks.tailMap(Math.ceilDiv(now, blockBytes), true).clear();
  }

  /** Returns what a reader of the device alone would find: holes as zeros. */
  byte[] onDevice() {
    byte[] contents = new byte[(int) size];
    blocks.forEach((fileBlock, block) -> {
      int at = (int) (fileBlock * blockBytes);
      int length = Math.min(blockBytes, contents.length - at);
      if (length > 0) {
        System.arraycopy(device.get(block), 0, contents, at, length);
      }
    });
    return contents;
  }
}
