// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.volume.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The target of a symbolic link: {@code ext2_get_link} and {@code page_get_link}. */
public final class Symlink {
  /** Bytes of a target that lies in the inode, with its NUL. */
  static final int FAST_BYTES = RawInode.N_BLOCKS * Integer.BYTES;

  private Symlink() {}

  /** {@code ext2_inode_is_fast_symlink}: the target lies in the inode, there are no blocks. */
  static boolean isFast(Ext2Inode inode) {
    int sectors = inode.attributes().block == 0 ? 0 : inode.volume().geometry().sectorsPerBlock();
    return inode.isSymlink() && inode.blocks512 == sectors;
  }

  /**
   * Reads the target, which ends at the size of the link, at the first NUL, or where the place that
   * it lies in has room for no more.
   *
   * @return the path; empty where a damaged medium has none
   * @throws Ext2Exception EIO for a broken pointer
   */
  public static byte[] target(Ext2Inode link) throws Ext2Exception {
    link.times().accessed();
    byte[] place = isFast(link) ? inInode(link) : inBlock(link);
    int end = (int) Math.min(link.size(), place.length - 1);
    for (int i = 0; i < end; i++) {
      if (place[i] == 0) {
        end = i;
      }
    }
    return Arrays.copyOf(place, end);
  }

  private static byte[] inInode(Ext2Inode link) {
    byte[] place = new byte[FAST_BYTES];
    for (int i = 0; i < FAST_BYTES; i++) {
      place[i] = (byte) (link.data[i / Integer.BYTES] >>> (Byte.SIZE * (i % Integer.BYTES)));
    }
    return place;
  }

  private static byte[] inBlock(Ext2Inode link) throws Ext2Exception {
    Geometry geometry = link.volume().geometry();
    byte[] place = new byte[geometry.blockBytes()];
    BlockMap.Mapped mapped = link.blockMap().blocks(0, 1, false);
    if (mapped.isHole()) {
      return place;
    }
    long blocks = geometry.blocksCount();
    if (mapped.block() >= blocks) {
      throw new CorruptFileSystemException(
          Errno.EIO, link.toString(), "i_block[0]", "" + mapped.block(), "less than " + blocks);
    }
    MemorySegment.copy(
        link.memory().segment(),
        ValueLayout.JAVA_BYTE,
        geometry.offsetOf(mapped.block()),
        place,
        0,
        place.length);
    return place;
  }
}
