// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.PagemapEntry;
import io.pmem4j.ext2.mm.Vma;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What must hold when all tasks have ended, whatever they did and in whatever order. */
final class Damage {
  private final World world;
  private final boolean mayShrink;

  Damage(World world, boolean mayShrink) {
    this.world = world;
    this.mayShrink = mayShrink;
  }

  void check() throws Ext2Exception {
    if (!world.fs.errors().isEmpty()) {
      throw new AssertionError("the file system reports: " + world.fs.errors().getFirst());
    }
    checkB();
    world.users().forEach(Damage::checkCopy);
    if (!world.gone()) {
      checkA(blocks(world.b()));
    }
  }

  private void checkA(Map<Long, Long> blocksOfB) throws Ext2Exception {
    Map<Long, Long> blocksOfA = blocks(world.left().file);
    for (long block : blocksOfA.values()) {
      if (blocksOfB.containsValue(block)) {
        throw new AssertionError("a block belongs to both files");
      }
    }
    long size = world.left().file.stat().size();
    for (World.User user : world.users()) {
      if (user.mapping != null) {
        checkPageTable(user, world.shape, size, blocksOfA);
        checkContents(user, size);
      }
    }
    checkStores(size);
    checkTail(size);
  }

  /** Who makes the file larger finds zeros, or what was stored behind the end. */
  private void checkTail(long size) throws Ext2Exception {
    byte[] tail = new byte[World.PAGE];
    if (size % World.PAGE != 0 && size >= world.shortest()) {
      world.left().file.truncate(Math.ceilDiv(size, World.PAGE) * World.PAGE);
      int length = (int) world.left().file.pread(size, tail);
      for (int i = 0; i < length; i++) {
        if (tail[i] == World.OF_A) {
          throw new AssertionError("bytes that were cut off come back");
        }
      }
    }
  }

  /** What a private mapping has copied was the file's own. */
  private static void checkCopy(World.User user) {
    Vma copy = user.copy;
    if (copy != null && user.memory.pagemap(copy, 0).kind() == PagemapEntry.Kind.ANONYMOUS) {
      for (byte each : user.memory.load(copy, 0, World.PAGE)) {
        if (each == World.OF_B) {
          throw new AssertionError("a private copy shows what another file holds");
        }
      }
    }
  }

  /** {@code A.7}: nothing is mapped behind the end, and what is mapped is the file's own. */
  private void checkPageTable(World.User user, Shape shape, long size, Map<Long, Long> blocks) {
    for (int page = 0; page < shape.mappedPages(); page++) {
      PagemapEntry entry = user.memory.pagemap(user.mapping(), (long) page * World.PAGE);
      if (entry.kind() == PagemapEntry.Kind.NONE) {
        continue;
      }
      if (shape.position(page) >= size) {
        checkForeign(user, entry, page);
        throw damage(
            "a page table shows a page behind the end of the file",
            "page %d, %s, in a file of %d bytes"
                .formatted(shape.first() + page, shown(entry), size));
      }
      if (entry.kind() == PagemapEntry.Kind.ZERO_PAGE
          && blocks.containsKey((long) shape.first() + page)) {
        throw damage(
            "a page table shows zeros where the file has a block",
            "page %d, block %d"
                .formatted(shape.first() + page, blocks.get((long) shape.first() + page)));
      }
      if (entry.kind() == PagemapEntry.Kind.BLOCK
          && !Long.valueOf(entry.block()).equals(blocks.get((long) shape.first() + page))) {
        checkForeign(user, entry, page);
        throw damage(
            "a page table shows a block that is not the file's",
            "page %d, %s".formatted(shape.first() + page, shown(entry)));
      }
    }
  }

  /** What is in the page table needs no fault: the process goes on loading and storing there. */
  private void checkForeign(World.User user, PagemapEntry entry, int page) {
    if (entry.kind() == PagemapEntry.Kind.BLOCK && user.load(page) == World.OF_B) {
      throw damage(
          "a mapping shows what another file holds",
          "page %d, %s, of the other file: '%c'"
              .formatted(world.shape.first() + page, shown(entry), World.OF_B));
    }
  }

  private static String shown(PagemapEntry entry) {
    return entry.kind() == PagemapEntry.Kind.BLOCK ? "block " + entry.block() : "no block";
  }

  /** What it is, by which findings are told apart, and as its cause where it was seen. */
  private static AssertionError damage(String what, String where) {
    return new AssertionError(what, new IllegalStateException(where));
  }

  private void checkContents(World.User user, long size) {
    Shape shape = world.shape;
    for (int page = 0; shape.position(page) < size && page < shape.watchedPages(); page++) {
      long start = shape.position(page);
      int length = (int) Math.min(World.PAGE, size - start);
      byte[] shown = user.memory.load(user.mapping(), (long) page * World.PAGE, length);
      for (int i = 0; i < length; i++) {
        if (shown[i] == World.OF_A && start + i >= world.shortest()) {
          throw new AssertionError("the file shows bytes that were cut off");
        }
        if (shown[i] != 0 && shown[i] != World.OF_A && !isMark(shown[i])) {
          throw new AssertionError("the file shows bytes that nobody wrote to it");
        }
      }
    }
  }

  private boolean isMark(byte shown) {
    return world.users().stream().anyMatch(user -> user.mark == shown);
  }

  /** A store that has not failed is there, unless something took the page away. */
  private void checkStores(long size) throws Ext2Exception {
    for (World.User user : world.users()) {
      for (int page : user.stored) {
        long position = world.shape.position(page) + user.at;
        byte[] found = new byte[1];
        if (!mayShrink
            && (position >= size
                || user.file.pread(position, found) != 1
                || found[0] != user.mark)) {
          throw damage(
              "a store that succeeded is not there",
              "page %d, byte %d: 0x%02x was stored, 0x%02x is there"
                  .formatted(world.shape.first() + page, user.at, user.mark, found[0]));
        }
      }
    }
  }

  /** The second file has what was written to it: nobody else stored into its block. */
  private void checkB() throws Ext2Exception {
    byte[] found = new byte[world.bytesOfB()];
    world.b().pread(0, found);
    for (byte each : found) {
      if (each == 0) {
        throw new AssertionError("another file has lost what was written to it");
      }
      if (each != World.OF_B) {
        throw new AssertionError("another file shows what was stored through a mapping");
      }
    }
  }

  /** The blocks of both files. */
  Set<Long> blocksInUse() throws Ext2Exception {
    Set<Long> blocks = new HashSet<>(blocks(world.b()).values());
    if (!world.gone()) {
      blocks.addAll(blocks(world.left().file).values());
    }
    return blocks;
  }

  private static Map<Long, Long> blocks(OpenFile file) throws Ext2Exception {
    Map<Long, Long> blocks = new HashMap<>();
    for (Extent extent : file.fiemap()) {
      for (long at = 0; at < extent.lengthBytes(); at += World.PAGE) {
        blocks.put(
            (extent.logicalBytes() + at) / World.PAGE, (extent.physicalBytes() + at) / World.PAGE);
      }
    }
    return blocks;
  }
}
