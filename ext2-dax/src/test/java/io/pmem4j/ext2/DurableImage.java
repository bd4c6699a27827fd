// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A small image for {@link PendingMemory}, and the judgement of one after a power cut. */
final class DurableImage {
  static final int P = 4096;
  private static final int BYTES = 1 << 20;
  private static final Map<Integer, byte[]> EMPTY = new ConcurrentHashMap<>();

  private DurableImage() {}

  private static byte[] make(int blockBytes) {
    if (ImageFixture.toolPath("mke2fs") == null) {
      return new byte[0];
    }
    try {
      Path image = Files.createTempFile("durable", ".img");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(BYTES);
      }
      ImageFixture.run(
          List.of(
              "mke2fs",
              "-q",
              "-F",
              "-t",
              "ext2",
              "-b",
              "" + blockBytes,
              "-O",
              "^large_file,^resize_inode",
              image.toString(),
              "" + BYTES / blockBytes));
      byte[] bytes = Files.readAllBytes(image);
      Files.delete(image);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] empty() {
    return empty(P);
  }

  static byte[] empty(int blockBytes) {
    byte[] empty = EMPTY.computeIfAbsent(blockBytes, DurableImage::make);
    assumeTrue(empty.length > 0, "needs e2fsprogs: no mke2fs found");
    return empty;
  }

  /**
   * Fills the free blocks of an empty image, as those of a file system in use are, and what its
   * free inodes have behind the fields of ext2.
   */
  static void fillWhatIsFree(PersistentMemory memory, byte value) {
    Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
    GroupDescriptor group = group(memory);
    int blockBytes = blockBytes(memory);
    int first = (int) superblock.firstDataBlock();
    for (int block = first; block < BYTES / blockBytes; block++) {
      if (isFree(memory, group.blockBitmap(), block - first)) {
        memory.fill((long) block * blockBytes, blockBytes, value);
      }
    }
    int tail = superblock.inodeSize() - RawInode.GOOD_OLD_BYTES;
    for (int number = 1; number <= superblock.inodesCount(); number++) {
      if (isFree(memory, group.inodeBitmap(), number - 1)) {
        long inode = inode(memory, number).offset();
        memory.fill(inode + RawInode.GOOD_OLD_BYTES, tail, value);
      }
    }
  }

  private static boolean isFree(PersistentMemory memory, long bitmap, int bit) {
    return (memory.getByte(bitmap * blockBytes(memory) + bit / Byte.SIZE) >> bit % Byte.SIZE & 1)
        == 0;
  }

  /** Returns the bytes of a block of the image in a memory. */
  static int blockBytes(PersistentMemory memory) {
    return 1024 << new Superblock(memory, Superblock.PRIMARY_OFFSET).logBlockSize();
  }

  private static GroupDescriptor group(PersistentMemory memory) {
    long first = new Superblock(memory, Superblock.PRIMARY_OFFSET).firstDataBlock();
    return new GroupDescriptor(memory, (first + 1) * blockBytes(memory));
  }

  static Ext2FileSystem mount(PersistentMemory memory, Scheduler scheduler) throws IOException {
    return Ext2FileSystem.mount(
        memory,
        MountOptions.parse("dax,oldalloc,noatime,noreservation"),
        Instrumentation.production()
            .withClock(() -> ImageFixture.BASE_SECOND)
            .withGenerationBase(ImageFixture.GENERATION_BASE)
            .withAllocatorPid(() -> ImageFixture.PID)
            .withScheduler(scheduler));
  }

  /** Mounts what a power cut has left, and compares one byte of a file, and the file's size. */
  static void assertHolds(PendingMemory cut, String path, long size, long position, int value)
      throws IOException {
    Ext2FileSystem after = mount(cut, Scheduler.production());
    try (OpenFile file = after.open(path, 0, 0)) {
      assertThat(file.stat().size()).as("size of %s after the power cut", path).isEqualTo(size);
      byte[] one = new byte[1];
      file.pread(position, one);
      assertThat(one).as("%s at %d after the power cut", path, position).containsExactly(value);
    }
    assertThat(after.errors()).isEmpty();
  }

  /** The inode as the memory has it. */
  static RawInode inode(PersistentMemory memory, int number) {
    Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
    long table = group(memory).inodeTable() * blockBytes(memory);
    return new RawInode(memory, table + (long) (number - 1) * superblock.inodeSize());
  }
}
