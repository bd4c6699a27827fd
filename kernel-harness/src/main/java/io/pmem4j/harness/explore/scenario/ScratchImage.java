// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.harness.durable.LineTracker;
import io.pmem4j.harness.durable.TrackedMemory;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.Mke2fs;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The image that every run starts from, in memory, reset to the same bytes before each run. e2fsck
 * checks the image that a run leaves; equal images are checked once. The cost of a run is
 * proportional to the blocks that it stored to. Not thread-safe.
 */
final class ScratchImage implements AutoCloseable {
  static final int BLOCK_BYTES = 4096;

  private static final int BLOCK_BITMAP = 0;
  private static final int INODE_BITMAP = 4;

  private final WorkDirectory directory;
  private final Arena arena = Arena.ofShared();
  private final PersistentMemory memory;
  private final BitSet touched = new BitSet();
  private final LineTracker lines;
  private Scheduler scheduler = Scheduler.production();
  private final @Nullable ImageState[] kinds;
  private byte[] pristine;
  private long[] pristineSums;
  private long pristineSum;
  private final Map<Long, String> verdicts = new HashMap<>();

  private ScratchImage(WorkDirectory directory, Path image, long offset, long length)
      throws IOException {
    this.directory = directory;
    this.memory = Pmem.map(image, MapSpec.existing().slice(offset, length), arena);
    this.lines = new LineTracker(memory.segment(), () -> scheduler.currentTask());
    this.pristine = memory.segment().toArray(ValueLayout.JAVA_BYTE);
    this.kinds = kinds(pristine);
    this.pristineSums = new long[kinds.length];
  }

  /**
   * A small file system by mke2fs, in memory if there is a file system for that.
   *
   * @param blocks how many, of {@link #BLOCK_BYTES}, in one group
   */
  static ScratchImage make(int blocks) throws IOException {
    WorkDirectory directory = new WorkDirectory();
    Path image = directory.path().resolve("image");
    Mke2fs.makePlain(image, blocks);
    return new ScratchImage(directory, image, 0, (long) blocks * BLOCK_BYTES);
  }

  /** Makes the image that programs of a shape start from, with blocks of {@link #BLOCK_BYTES}. */
  static ScratchImage make(ImageShape shape) throws IOException {
    WorkDirectory directory = new WorkDirectory();
    Path image = directory.path().resolve("image");
    Mke2fs.make(image, shape);
    ScratchImage made = new ScratchImage(directory, image, FsImage.OFFSET_BYTES, shape.fsBytes());
    made.snapshot();
    return made;
  }

  /**
   * Returns the names of the blocks of a group, from its descriptor: ext2.h, struct
   * ext2_group_desc. The name is null for blocks whose stores are no points: data and inodes are
   * stored under monitors, where no task may stop, and the page table and the inode have points of
   * their own before.
   */
  private static @Nullable ImageState[] kinds(byte[] image) {
    ByteBuffer descriptor =
        ByteBuffer.wrap(image, BLOCK_BYTES, BLOCK_BYTES).slice().order(ByteOrder.LITTLE_ENDIAN);
    @Nullable ImageState[] kinds = new @Nullable ImageState[image.length / BLOCK_BYTES];
    kinds[0] = ImageState.SUPERBLOCK;
    kinds[1] = ImageState.GROUP_DESCRIPTORS;
    kinds[descriptor.getInt(BLOCK_BITMAP)] = ImageState.BLOCK_BITMAP;
    kinds[descriptor.getInt(INODE_BITMAP)] = ImageState.INODE_BITMAP;
    return kinds;
  }

  /** Makes the present content the start of every later run. */
  void snapshot() {
    pristine = bytes();
    pristineSums = new long[kinds.length];
    pristineSum = 0;
    for (int block = 0; block < kinds.length; block++) {
      pristineSums[block] = sum(pristine, block * BLOCK_BYTES, block);
      pristineSum += pristineSums[block];
    }
    touched.clear();
  }

  private byte[] bytes() {
    byte[] bytes = new byte[kinds.length * BLOCK_BYTES];
    MemorySegment.copy(memory.segment(), ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
    return bytes;
  }

  private static long sum(byte[] from, int at, int block) {
    CRC32C crc = new CRC32C();
    crc.update(from, at, BLOCK_BYTES);
    return (crc.getValue() + 1) * (2L * block + 1) * 0x9e3779b97f4a7c15L;
  }

  /**
   * Resets the memory to the last {@link #snapshot}. Its stores to bitmaps, counters and
   * descriptors are points of the scheduler.
   *
   * @param durable what drains are announced as; null where flushes and drains are no points
   */
  InstrumentedMemory reset(Scheduler of, @Nullable SharedState durable) {
    scheduler = of;
    touched.stream()
        .forEach(block ->
            memory.copy((long) block * BLOCK_BYTES, pristine, block * BLOCK_BYTES, BLOCK_BYTES));
    touched.clear();
    lines.reset();
    @Nullable SharedState[] stored = new @Nullable SharedState[kinds.length];
    for (int block = 0; block < kinds.length; block++) {
      ImageState kind = kinds[block];
      if (kind != null) {
        stored[block] = new SharedState(of, kind, block);
      }
    }
    Map<Integer, SharedState> others = new HashMap<>();
    return new InstrumentedMemory(
        new TrackedMemory(memory, lines),
        new InstrumentedMemory.Points(
            BLOCK_BYTES,
            touched,
            block -> stored[block],
            durable == null
                ? _ -> null
                : block ->
                    stored[block] != null
                        ? stored[block]
                        : others.computeIfAbsent(
                            block, _ -> new SharedState(of, ImageState.BLOCK, block)),
            durable));
  }

  /** The cache lines of the memory. */
  LineTracker lines() {
    return lines;
  }

  /** Returns the complaints of e2fsck about the present content; empty if there are none. */
  String fsck() throws IOException {
    long sum = pristineSum;
    byte[] now = new byte[BLOCK_BYTES];
    for (int block = touched.nextSetBit(0); block >= 0; block = touched.nextSetBit(block + 1)) {
      MemorySegment.copy(
          memory.segment(), ValueLayout.JAVA_BYTE, (long) block * BLOCK_BYTES, now, 0, now.length);
      sum += sum(now, 0, block) - pristineSums[block];
    }
    String known = verdicts.get(sum);
    if (known == null) {
      Path file = directory.path().resolve("judged");
      Files.write(file, bytes());
      known = complaints(E2fsck.check(file), file.toString());
      verdicts.put(sum, known);
    }
    return known;
  }

  /**
   * Returns the complaints of e2fsck in one line, without its name, its passes and its questions.
   */
  private static String complaints(String output, String file) {
    return output
        .lines()
        .map(line -> line.replaceAll("(Fix|Clear|Connect|Continue)\\? no", "").strip())
        .filter(line -> !line.isEmpty() && !line.startsWith(file))
        .filter(line -> !line.startsWith("e2fsck ") && !line.startsWith("Pass "))
        .collect(Collectors.joining("; "));
  }

  /** Returns the number of different images that runs have left. */
  int imagesChecked() {
    return verdicts.size();
  }

  @Override
  public void close() {
    arena.close();
    directory.close();
  }
}
