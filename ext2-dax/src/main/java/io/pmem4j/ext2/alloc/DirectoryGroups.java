// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.HeldGroup;
import io.pmem4j.ext2.volume.Volume;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The choice of a group for a new directory: {@code find_group_dir} with {@code mount -o oldalloc},
 * else {@code find_group_orlov}. Thread-safe; as in the kernel the counters are read without the
 * locks of the groups.
 */
final class DirectoryGroups {
  private static final int INODE_COST = 64;
  private static final int BLOCK_COST = 256;
  private static final int MOST_DEBT = 255;

  private final Volume volume;
  private final Geometry geometry;

  /** {@code s_debts}: directories beyond other inodes that a group got since the mount. */
  private final AtomicIntegerArray debts;

  /** The free blocks: {@code s_freeblocks_counter}. */
  private final ApproximateCounter freeBlocks;

  /** The free inodes: {@code s_freeinodes_counter}. */
  private final ApproximateCounter freeInodes;

  /** The directories: {@code s_dirs_counter}. */
  private final ApproximateCounter usedDirs;

  DirectoryGroups(Volume volume, ApproximateCounter freeBlocks) {
    this.freeBlocks = freeBlocks;
    this.freeInodes = ApproximateCounter.of(volume, HeldGroup::freeInodesCount);
    this.usedDirs = ApproximateCounter.of(volume, HeldGroup::usedDirsCount);
    this.volume = volume;
    this.geometry = volume.geometry();
    this.debts = new AtomicIntegerArray(geometry.groupsCount());
  }

  /**
   * Returns the group for a directory, or -1 if no group has a free inode.
   *
   * @param parentGroup the group of the directory that it will be in
   * @param top true if that one is the root or has the flag TOPDIR
   */
  int find(int parentGroup, boolean top) {
    if (volume.options().oldalloc()) {
      return mostBlocks();
    }
    Totals totals = totals();
    if (!top) {
      int near = nearParent(parentGroup, totals);
      return near >= 0 ? near : fallback(parentGroup, totals.averageInodes());
    }
    int start =
        Integer.remainderUnsigned(
            volume.instrumentation().topDirectoryStart().getAsInt(), geometry.groupsCount());
    int spread = fewestDirectories(start, totals);
    return spread >= 0 ? spread : fallback(start, totals.averageInodes());
  }

  /** Counts a new inode of a group; the caller holds the group's lock. */
  void made(int group, boolean directory) {
    freeInodes.add(-1);
    usedDirs.add(directory ? 1 : 0);
    debts.updateAndGet(
        group, debt -> directory ? Math.min(debt + 1, MOST_DEBT) : Math.max(debt - 1, 0));
  }

  /** Counts an inode that is free again. */
  void freed(boolean directory) {
    freeInodes.add(1);
    usedDirs.add(directory ? -1 : 0);
  }

  /** {@code find_group_dir}: of the groups with average free inodes the one with most blocks. */
  private int mostBlocks() {
    int average = 0;
    for (int group = 0; group < geometry.groupsCount(); group++) {
      average += volume.descriptor(group).freeInodesCount();
    }
    average /= geometry.groupsCount();
    int best = -1;
    for (int group = 0; group < geometry.groupsCount(); group++) {
      HeldGroup each = volume.descriptor(group);
      if (each.freeInodesCount() == 0 || each.freeInodesCount() < average) {
        continue;
      }
      if (best < 0 || each.freeBlocksCount() > volume.descriptor(best).freeBlocksCount()) {
        best = group;
      }
    }
    return best;
  }

  private record Totals(long freeInodes, long freeBlocks, long directories, int groups) {
    int averageInodes() {
      return (int) (freeInodes / groups);
    }

    int averageBlocks() {
      return (int) (freeBlocks / groups);
    }
  }

  private Totals totals() {
    return new Totals(freeInodes.get(), freeBlocks.get(), usedDirs.get(), geometry.groupsCount());
  }

  /** Directories right below the root are spread, from a start that is random in the kernel. */
  private int fewestDirectories(int start, Totals totals) {
    int best = -1;
    int fewest = geometry.inodesPerGroup();
    for (int i = 0; i < geometry.groupsCount(); i++) {
      int group = (start + i) % geometry.groupsCount();
      HeldGroup each = volume.descriptor(group);
      if (each.freeInodesCount() != 0
          && each.usedDirsCount() < fewest
          && each.freeInodesCount() >= totals.averageInodes()
          && each.freeBlocksCount() >= totals.averageBlocks()) {
        best = group;
        fewest = each.usedDirsCount();
      }
    }
    return best;
  }

  /** Other directories stay near their parent, while its group is not too full of directories. */
  private int nearParent(int parentGroup, Totals totals) {
    int groups = geometry.groupsCount();
    int directories = (int) Math.max(totals.directories(), 1);
    int blocksPerDirectory = (int) ((geometry.blocksCount() - totals.freeBlocks()) / directories);
    int mostDirectories = directories / groups + geometry.inodesPerGroup() / 16;
    int leastInodes = totals.averageInodes() - geometry.inodesPerGroup() / 4;
    int leastBlocks = totals.averageBlocks() - geometry.blocksPerGroup() / 4;
    int mostDebt = geometry.blocksPerGroup() / Math.max(blocksPerDirectory, BLOCK_COST);
    if (mostDebt * INODE_COST > geometry.inodesPerGroup()) {
      mostDebt = geometry.inodesPerGroup() / INODE_COST;
    }
    mostDebt = Math.clamp(mostDebt, 1, MOST_DEBT);
    for (int i = 0; i < groups; i++) {
      int group = (parentGroup + i) % groups;
      HeldGroup each = volume.descriptor(group);
      if (each.freeInodesCount() != 0
          && debts.get(group) < mostDebt
          && each.usedDirsCount() < mostDirectories
          && each.freeInodesCount() >= leastInodes
          && each.freeBlocksCount() >= leastBlocks) {
        return group;
      }
    }
    return -1;
  }

  private int fallback(int start, int averageInodes) {
    for (int least : new int[] {averageInodes, 0}) {
      for (int i = 0; i < geometry.groupsCount(); i++) {
        int group = (start + i) % geometry.groupsCount();
        int free = volume.descriptor(group).freeInodesCount();
        if (free != 0 && free >= least) {
          return group;
        }
      }
    }
    return -1;
  }
}
