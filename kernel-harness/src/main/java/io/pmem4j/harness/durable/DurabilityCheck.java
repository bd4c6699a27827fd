// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import io.pmem4j.ext2.Stat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The promises of the calls that make a file system durable, judged when such a call returns:
 *
 * <ul>
 *   <li>fsync, fdatasync, msync with MS_SYNC and a write with O_SYNC promise the data of the file
 *       or range, the file's blocks of pointers and its inode, as {@code ext2_fsync} does;
 *   <li>sync and freeze promise every block in use: bitmaps, descriptors and superblock as well;
 *   <li>unmount promises the same without a line left over, and both store the superblock's clean
 *       state only when everything else is durable.
 * </ul>
 *
 * <p>A call promises what was settled when it began (see {@link LineTracker}), and what it stores
 * itself. It does not promise stores that other tasks make meanwhile. ext2 has no journal: it
 * promises no order between blocks but two, that of the clean state and {@link #pointersLast}.
 *
 * <p>Not thread-safe.
 */
public final class DurabilityCheck {
  private final LineTracker lines;
  private final Runnable point;
  private final List<WatchedFile> files;

  /**
   * A file that findings name.
   *
   * @param name its path
   * @param ino its inode
   * @param stat its attributes as the file system has them in memory, read without a lock; null
   *     once it is closed
   */
  public record WatchedFile(String name, int ino, Supplier<@Nullable Stat> stat) {}

  /** The call that promises. */
  @FunctionalInterface
  public interface Call<E extends Exception> {
    /** Makes the call. */
    void run() throws E;
  }

  /** Returns the name of a line of the medium; null if no finding names it. */
  private interface Namer {
    /** The name of a line's structure; empty for one that was not promised. */
    String name(long block, int line);
  }

  /**
   * Checks the calls of one mount.
   *
   * @param point called before the check reads lines, a scheduling point for an explorer
   * @param files those that findings name; may grow later
   */
  public DurabilityCheck(LineTracker lines, Runnable point, List<WatchedFile> files) {
    this.lines = lines;
    this.point = point;
    this.files = files;
    lines.onClean(() -> requireAll("the clean state of the superblock is stored", false));
  }

  /**
   * Forbids from now on that a pointer is stored while a crash could still show the former content
   * of its block. The zeros of a new block, or its pointers, are durable before the pointer. A
   * memory without a page cache may lose a line at any time, so a stored line may count as durable
   * here.
   */
  public void pointersLast() {
    lines.onPointer((offset, block) -> {
      if (new ImageMap(lines.memory()).mayHoldPointer(offset)) {
        throw new BrokenPromise(
            "a pointer is stored before its new block is durable",
            "block " + block.index + ", by the pointer at byte " + offset);
      }
    });
  }

  /** Makes a call that promises a file with its attributes, as fsync does. */
  public <E extends Exception> void file(String call, WatchedFile file, Call<E> action) throws E {
    range(call, file, 0, Long.MAX_VALUE, Extent.ATTRIBUTES, action);
  }

  /** The part of an inode that a call promises. */
  private enum Extent {
    /** Times as well. */
    ATTRIBUTES,
    /** The data part, without lines that only times need: fdatasync, msync and O_DSYNC. */
    DATA,
    /** As {@link #DATA}, by a call that changes the file itself. */
    OWN_DATA
  }

  /** Makes a call that promises a range of a file's bytes and what reading them needs. */
  public <E extends Exception> void range(
      String call, WatchedFile file, long firstByte, long lastByte, Call<E> action) throws E {
    range(call, file, firstByte, lastByte, Extent.DATA, action);
  }

  /** Makes a write that promises its range, as O_SYNC does. */
  public <E extends Exception> void write(
      WatchedFile file, long firstByte, long lastByte, Call<E> action) throws E {
    range("write with O_SYNC", file, firstByte, lastByte, Extent.OWN_DATA, action);
  }

  private <E extends Exception> void range(
      String call, WatchedFile file, long firstByte, long lastByte, Extent extent, Call<E> action)
      throws E {
    long first = firstByte / TrackedBlock.BYTES;
    long last = lastByte / TrackedBlock.BYTES;
    String what = call + " of " + file.name;
    make(
        what,
        List.of(file),
        extent,
        action,
        image -> {
          Map<Long, Long> blocks = image.blocksOf(file.ino);
          long inode = image.inode(file.ino);
          return (tracked, line) -> {
            Long fileBlock = blocks.get(image.blockOf(tracked, line));
            if (fileBlock == null) {
              long at = tracked * TrackedBlock.BYTES + (long) line * TrackedBlock.LINE_BYTES;
              return at >= inode && at < inode + ImageMap.inodeLength() ? "inode" : "";
            }
            long page = image.pageOf(fileBlock);
            return fileBlock != ImageMap.POINTERS_OF_FILE && (page < first || page > last)
                ? ""
                : nameOf(image, fileBlock);
          };
        });
  }

  /** Makes a call that promises the whole file system. */
  public <E extends Exception> void everything(String call, Call<E> action) throws E {
    // A call of another task may have changed an inode and not marked it dirty yet.
    List<WatchedFile> settled = lines.changing() ? List.of() : List.copyOf(files);
    make(
        call,
        settled,
        Extent.ATTRIBUTES,
        action,
        image -> {
          Namer namer = namer(image);
          return (tracked, line) ->
              image.inUse(image.blockOf(tracked, line)) ? namer.name(tracked, line) : "";
        });
  }

  /** The file system was unmounted. */
  public void unmounted() {
    requireAll("unmount has returned", true);
  }

  private interface Namers {
    Namer of(ImageMap image);
  }

  private <E extends Exception> void make(
      String what, List<WatchedFile> inodes, Extent extent, Call<E> action, Namers namers)
      throws E {
    point.run();
    lines.beginPromise(extent != Extent.OWN_DATA);
    RequiredLines required = lines.settledNow();
    List<@Nullable Stat> before = new ArrayList<>();
    inodes.forEach(file -> before.add(file.stat.get()));
    boolean done = false;
    try {
      action.run();
      done = true;
    } finally {
      if (!done) {
        lines.endPromise(required);
      }
    }
    point.run();
    lines.endPromise(required);
    ImageMap image = new ImageMap(lines.memory());
    Namer namer = namers.of(image);
    required.forEachLacking(
        lines,
        lacking -> {
          TrackedBlock block = lacking.block();
          String name = namer.name(block.index, lacking.line());
          if (!name.isEmpty()) {
            throw new BrokenPromise(
                what
                    + " has returned, "
                    + name
                    + " is "
                    + block.state(lacking.line(), lacking.time()),
                block.history(lacking.line(), lacking.time()));
          }
        });
    for (int i = 0; i < before.size(); i++) {
      requireInode(what, image, inodes.get(i), before.get(i), extent == Extent.ATTRIBUTES);
    }
  }

  /** An inode that did not change during the call is in the table, and the table is durable. */
  private void requireInode(
      String what, ImageMap image, WatchedFile file, @Nullable Stat before, boolean times) {
    Stat now = file.stat.get();
    if (now == null || !now.equals(before)) {
      return;
    }
    int ino = file.ino;
    if (image.size(ino) != now.size()
        || image.sectors(ino) != now.blocks512()
        || (times && image.mtime(ino) != (int) now.mtime())
        || (times && image.ctime(ino) != (int) now.ctime())
        || image.links(ino) != now.nlink()) {
      throw new BrokenPromise(
          what + " has returned, the inode of " + file.name + " is not written out",
          "the table has %d bytes, %d sectors, %d links, mtime %d, ctime %d; expected %s"
              .formatted(
                  image.size(ino),
                  image.sectors(ino),
                  image.links(ino),
                  image.mtime(ino),
                  image.ctime(ino),
                  now));
    }
    long at = image.inode(ino);
    for (long end = at + ImageMap.inodeLength(); at < end; at += TrackedBlock.LINE_BYTES) {
      TrackedBlock block = lines.block(at / TrackedBlock.BYTES);
      int line = (int) (at % TrackedBlock.BYTES / TrackedBlock.LINE_BYTES);
      if (block != null && block.differs(lines.memory(), line)) {
        throw new BrokenPromise(
            what
                + " has returned, the inode of "
                + file.name
                + " is "
                + block.state(line, block.storedAt(line)),
            block.history(line, block.storedAt(line)));
      }
    }
  }

  private void requireAll(String when, boolean withSuperblock) {
    ImageMap image = new ImageMap(lines.memory());
    Namer namer = namer(image);
    lines.touched().stream()
        .forEach(index -> {
          TrackedBlock block = lines.block(index);
          if (block == null) {
            return;
          }
          for (long rest = block.undurable(); rest != 0; rest &= rest - 1) {
            int line = Long.numberOfTrailingZeros(rest);
            long inImage = image.blockOf(index, line);
            if (!image.inUse(inImage) || (!withSuperblock && inImage <= image.superblock())) {
              continue;
            }
            String name = namer.name(index, line);
            if (!name.isEmpty() && block.differs(lines.memory(), line)) {
              throw new BrokenPromise(
                  when + ", " + name + " is " + block.state(line, block.storedAt(line)),
                  block.history(line, block.storedAt(line)));
            }
          }
        });
  }

  private Namer namer(ImageMap image) {
    Map<Long, String> names = new HashMap<>();
    for (WatchedFile file : files) {
      image
          .blocksOf(file.ino)
          .forEach((block, fileBlock) ->
              names.put(block, nameOf(image, fileBlock) + " of " + file.name));
    }
    image
        .blocksOf(ROOT_INO)
        .forEach((block, fileBlock) ->
            names.put(block, "page " + image.pageOf(fileBlock) + " of the root directory"));
    return (tracked, line) -> {
      long block = image.blockOf(tracked, line);
      String name = names.get(block);
      return name == null ? image.name(block, line) : name;
    };
  }

  private static final int ROOT_INO = 2;

  private static String nameOf(ImageMap image, long fileBlock) {
    return fileBlock == ImageMap.POINTERS_OF_FILE
        ? "a block of pointers"
        : "data page " + image.pageOf(fileBlock);
  }
}
