// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A check of an image that is not mounted, in the passes of {@code e2fsck -fn}: superblock and
 * descriptors; inodes and their blocks; directories; connections and links; bitmaps and counters.
 * Blocks have 1, 2 or 4 KiB, the revision is 0 or 1. It stores nothing. Bad input leads to findings
 * and not to exceptions, and each is delivered when it is found. Not thread-safe.
 */
public final class ImageCheck {
  private ImageCheck() {}

  /**
   * Checks an image.
   *
   * @param memory the file system, its block 0 at offset 0
   * @return the findings, none for an image that is consistent
   * @throws Ext2Exception EINVAL if it is no ext2 file system, or has features that ext2 has not
   */
  public static List<ImageFinding> of(PersistentMemory memory) throws Ext2Exception {
    List<ImageFinding> findings = new ArrayList<>();
    run(memory, System.currentTimeMillis() / 1000, findings::add);
    return List.copyOf(findings);
  }

  /**
   * Checks an image and delivers each finding when it is found.
   *
   * @param memory the file system, its block 0 at offset 0
   * @param now seconds since 1970: later times in the superblock are findings
   * @param sink what receives the findings
   * @return true if all was checked, false if the superblock or the descriptors do not allow it
   * @throws Ext2Exception EINVAL if it is no ext2 file system, or has features that ext2 has not
   */
  public static boolean run(PersistentMemory memory, long now, Consumer<ImageFinding> sink)
      throws Ext2Exception {
    CheckedImage image = open(memory, sink);
    if (image == null) {
      return false;
    }
    SuperblockTimes.check(image, now);
    markMetadata(image);
    ResizeInodeCheck.check(image);
    InodePass.run(image);
    DirectoryPass.run(image);
    LinkPass.run(image);
    BitmapPass.run(image);
    return true;
  }

  /** Returns the image by the first superblock whose descriptors can be used, or null. */
  private static @Nullable CheckedImage open(PersistentMemory memory, Consumer<ImageFinding> sink)
      throws Ext2Exception {
    SuperblockFields chosen = SuperblockCheck.choose(memory, sink);
    if (chosen == null) {
      return null;
    }
    if (!DescriptorCheck.check(chosen, sink)) {
      SuperblockFields backup = chosen.isBackup() ? null : SuperblockCheck.backupOf(chosen);
      if (backup == null || !DescriptorCheck.check(backup, sink)) {
        return null;
      }
      chosen = backup;
    }
    return new CheckedImage(chosen, sink);
  }

  private static void markMetadata(CheckedImage image) {
    image.metadata.or(image.fixedBlocks());
    for (int group = 0; group < image.groups; group++) {
      GroupDescriptor descriptor = image.descriptor(group);
      image.metadata.set((int) descriptor.blockBitmap());
      image.metadata.set((int) descriptor.inodeBitmap());
      int table = (int) descriptor.inodeTable();
      image.metadata.set(table, table + (int) image.superblock.tableBlocks());
    }
    image.found.or(image.metadata);
  }
}
