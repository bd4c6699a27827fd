// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;
import java.util.BitSet;

/** The pass that compares what directories say: their connections, and the links of all inodes. */
final class LinkPass {
  private static final int MOST_LINKS = 65000;

  private final CheckedImage image;

  /** Directories that lead to the root, or that were reported. */
  private final BitSet done = new BitSet();

  private LinkPass(CheckedImage image) {
    this.image = image;
  }

  static void run(CheckedImage image) {
    LinkPass pass = new LinkPass(image);
    if (!image.used.get(CheckedImage.ROOT_INO)) {
      RawInode root = image.inode(CheckedImage.ROOT_INO);
      long at = root.offset() + InodeFields.offset("i_links_count");
      image.add(Kind.LINKS_TOO_LOW, CheckedImage.ROOT_INO, "i_links_count", at, 0, 2, MOST_LINKS);
    }
    pass.done.set(CheckedImage.ROOT_INO);
    BitSet directories = image.directories;
    for (int ino = directories.nextSetBit(0); ino >= 0; ino = directories.nextSetBit(ino + 1)) {
      pass.directory(ino);
    }
    for (int ino = image.used.nextSetBit(0); ino >= 0; ino = image.used.nextSetBit(ino + 1)) {
      if (image.isOrdinary(ino)) {
        pass.links(ino);
      }
    }
  }

  private void directory(int ino) {
    Integer parent = image.parents.get(ino);
    long at = image.inodeOffset(ino);
    int above = ino;
    BitSet path = new BitSet();
    while (!done.get(above)) {
      Integer next = image.parents.get(above);
      path.set(above);
      if (next == null || path.get(next)) {
        image.add(
            Kind.UNCONNECTED_DIRECTORY,
            above,
            "parent",
            at,
            next == null ? 0 : next,
            1,
            image.inodes());
        break;
      }
      above = next;
    }
    done.or(path);
    Integer dotDot = image.dotDots.get(ino);
    if (parent != null && dotDot != null && !dotDot.equals(parent)) {
      image.add(Kind.BAD_PARENT, ino, "..", at, dotDot, parent);
    }
  }

  private void links(int ino) {
    RawInode inode = image.inode(ino);
    int links = inode.linksCount();
    long at = inode.offset() + InodeFields.offset("i_links_count");
    int names = image.names[ino];
    if (names == 0) {
      image.add(Kind.ORPHAN, ino, "i_links_count", at, links, 0);
      return;
    }
    if (image.directories.get(ino) && names > MOST_LINKS) {
      names = 1;
    }
    if (links > names) {
      image.add(Kind.LINKS_TOO_HIGH, ino, "i_links_count", at, links, names);
    } else if (links < names) {
      image.add(Kind.LINKS_TOO_LOW, ino, "i_links_count", at, links, names);
    }
  }
}
