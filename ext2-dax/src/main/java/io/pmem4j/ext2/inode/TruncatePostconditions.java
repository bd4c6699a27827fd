// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.IsolationViolation;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.volume.Geometry;
import java.util.ArrayList;
import java.util.List;

/**
 * The postconditions of an exclusive section of {@code dax_sem}: of truncation, a failed write and
 * eviction. They are checked before the section ends.
 *
 * <ol type="a">
 *   <li>no page table shows anything behind the size;
 *   <li>no entry of the mapping reaches behind it;
 *   <li>no block is reachable there, however far behind;
 *   <li>the size is the new one.
 * </ol>
 */
final class TruncatePostconditions {
  private final Ext2Inode inode;
  private final Geometry geometry;

  TruncatePostconditions(Ext2Inode inode) {
    this.inode = inode;
    this.geometry = inode.volume().geometry();
  }

  /**
   * Checks all of them; the caller still holds {@code dax_sem} exclusively.
   *
   * @param newSize the size that the section was entered for, bytes
   * @throws IsolationViolation if one does not hold
   */
  void check(long newSize) {
    inode.locks().daxSem().assertHeldExclusively();
    long first = Math.ceilDiv(newSize, DaxIo.PAGE_BYTES);
    List<String> broken = new ArrayList<>();
    long mapped = inode.mapping().mappings().mappedFrom(first);
    if (mapped != 0) {
      broken.add("(a) " + mapped + " page table entries show it from page " + first + " on");
    }
    int entries = inode.mapping().entriesFrom(first);
    if (entries != 0) {
      broken.add("(b) " + entries + " DAX entries reach behind page " + first);
    }
    String reachable = reachableFrom(geometry.blocksFor(newSize));
    if (!reachable.isEmpty()) {
      broken.add("(c) " + reachable);
    }
    if (inode.size != newSize) {
      broken.add("(d) the size is " + inode.size + " and not " + newSize);
    }
    if (!broken.isEmpty()) {
      throw new IsolationViolation(inode.toString(), broken);
    }
  }

  /**
   * Checks that no page table shows a block before the first one is freed. Another file may be
   * given it at once, while a page table still shows it here.
   */
  void checkUnmapped(long newSize) {
    long first = Math.ceilDiv(newSize, DaxIo.PAGE_BYTES);
    long mapped = inode.mapping().mappings().mappedFrom(first);
    if (mapped != 0) {
      throw new IsolationViolation(
          inode.toString(),
          List.of("(a) " + mapped + " page table entries show what is freed, from page " + first));
    }
  }

  /** The first block, of data or of pointers, that only serves the file behind a block. */
  private String reachableFrom(long first) {
    if (Symlink.isFast(inode)) {
      return "";
    }
    PointerArray top = new PointerArray.InInode(inode);
    for (int i = 0; i < BlockPath.DIRECT_BLOCKS; i++) {
      if (i >= first && top.get(i) != 0) {
        return "block " + Integer.toUnsignedLong(top.get(i)) + " at block " + i + " of the file";
      }
    }
    long base = BlockPath.DIRECT_BLOCKS;
    for (int levels = 1; levels <= 3; levels++) {
      long span = span(levels);
      String found = below(top, BlockPath.INDIRECT + levels - 1, base, levels, first);
      if (!found.isEmpty()) {
        return found;
      }
      base += span;
    }
    return "";
  }

  /**
   * As {@link #reachableFrom} for one pointer.
   *
   * @param base the first block of the file that it serves
   * @param levels levels of blocks of pointers below it; 0 for data
   */
  private String below(PointerArray array, int index, long base, int levels, long first) {
    long block = Integer.toUnsignedLong(array.get(index));
    if (block == 0 || base + span(levels) <= first) {
      return "";
    }
    if (base >= first) {
      return (levels == 0 ? "block " : "block of pointers ")
          + block
          + " at block "
          + base
          + " of the file";
    }
    if (block >= geometry.blocksCount()) {
      return "";
    }
    PointerArray inner = new PointerArray.InBlock(inode.volume(), block);
    for (int i = 0; i < geometry.pointersPerBlock(); i++) {
      String found = below(inner, i, base + i * span(levels - 1), levels - 1, first);
      if (!found.isEmpty()) {
        return found;
      }
    }
    return "";
  }

  private long span(int levels) {
    return 1L << (levels * geometry.pointerBits());
  }
}
