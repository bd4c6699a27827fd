// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.ext2.check.ImageCheck;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.volume.Feature;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Operations on a small file system, recorded, and every state in which a crash may leave it. */
final class CrashedImage {
  static final int P = 4096;
  static final int O_RDWR_CREAT = 0102;
  private static final int SAMPLE = 400;

  /** The states at a point of a test whose blocks are stored whole; more of them differ. */
  private static final int FEW = 130;

  private static final int MOST_READ = 20 * P;

  /** The byte of free blocks; no file of these tests has such a byte. */
  private static final byte STALE = (byte) 0xa5;

  /** Operations on a mounted file system. */
  @FunctionalInterface
  interface Step {
    void run(Ext2FileSystem fs) throws Exception;
  }

  /** An image of a sweep: blocks of a page with DAX, and smaller ones, which have no DAX. */
  enum SweptImage {
    X86(CrashMode.X86, P),
    JAVA(CrashMode.JAVA, P),

    /** Free blocks and inodes are not zero, and nothing in a file shows them. */
    BLOCKS_OF_1024(CrashMode.X86, 1024),
    BLOCKS_OF_2048(CrashMode.X86, 2048);

    /** Bytes of a block. */
    final int block;

    private final CrashMode mode;

    SweptImage(CrashMode mode, int block) {
      this.mode = mode;
      this.block = block;
    }
  }

  /** Creates a file with some bytes. */
  static void createFile(Ext2FileSystem fs, String path, int bytes) throws Exception {
    try (OpenFile file = fs.open(path, O_RDWR_CREAT, 0644)) {
      if (bytes > 0) {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) 7);
        file.pwrite(0, content);
      }
    }
  }

  /** Fills the first block of the root directory, so that the next long name takes a block. */
  static void fillDirectory(Ext2FileSystem fs) throws Exception {
    long block = fs.paths().stat("/", true).size();
    for (int i = 0; i < block / 256 - 1; i++) {
      createFile(fs, "/" + i + "n".repeat(245), 0);
    }
  }

  /** The kinds of findings over all states. */
  final Set<ImageFinding.Kind> kinds = EnumSet.noneOf(ImageFinding.Kind.class);

  final CrashReport report;

  /** Free blocks hold {@link #STALE}, and the superblock lacks ext_attr. */
  private final boolean used;

  /** The names of the root directory before and after; each state has some of them. */
  private final Set<String> names = new HashSet<>();

  private CrashedImage(
      byte[] empty, String options, CrashMode mode, boolean used, Step prepare, Step operation)
      throws Exception {
    this.used = used;
    HeapMemory memory = new HeapMemory(empty.length, mode.granularity());
    memory.copy(0, empty, 0, empty.length);
    if (used) {
      DurableImage.fillWhatIsFree(memory, STALE);
      Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
      superblock.featureCompat(superblock.featureCompat() & ~Feature.COMPAT_EXT_ATTR);
    }
    Ext2FileSystem before = mount(memory, options);
    prepare.run(before);
    before.unmount();
    assertThat(ImageCheck.of(memory)).isEmpty();
    names.addAll(rootNames(memory));
    RecordedMemory recorded = RecordedMemory.over(memory);
    Ext2FileSystem during = mount(recorded, options);
    operation.run(during);
    during.sync();
    names.addAll(rootNames(recorded));
    report =
        CrashStates.of(recorded.trace())
            .mode(mode)
            .atMost(used ? FEW : SAMPLE)
            .insideRecovery(false)
            .check((state, _) -> judge(state, options));
  }

  /** Explores the crash states of operations in the order of {@code mount -o ordered}. */
  static CrashedImage ordered(CrashMode mode, Step prepare, Step operation) throws Exception {
    return new CrashedImage(DurableImage.empty(), ",dax,ordered", mode, false, prepare, operation);
  }

  /**
   * Explores the crash states of operations in the order of {@code mount -o ordered} on an image
   * whose free blocks and inodes are not zero, and which never had an attribute. No file of the
   * root directory shows what the blocks held.
   *
   * @param options of the mount, {@code dax} or none
   */
  static CrashedImage orderedOnUsedBlocks(
      String options, CrashMode mode, Step prepare, Step operation) throws Exception {
    return new CrashedImage(
        DurableImage.empty(),
        (options.isEmpty() ? "" : "," + options) + ",ordered",
        mode,
        true,
        prepare,
        operation);
  }

  /** Explores the crash states of operations in the order of {@code mount -o ordered}. */
  static CrashedImage ordered(SweptImage image, Step prepare, Step operation) throws Exception {
    if (image.block == P) {
      return ordered(image.mode, prepare, operation);
    }
    byte[] empty = DurableImage.empty(image.block);
    return new CrashedImage(empty, ",ordered", image.mode, true, prepare, operation);
  }

  /** Explores the crash states of operations in the order of Linux. */
  static CrashedImage linux(CrashMode mode, Step prepare, Step operation) throws Exception {
    return new CrashedImage(DurableImage.empty(), ",dax", mode, false, prepare, operation);
  }

  static Ext2FileSystem mount(PersistentMemory memory, String options) throws IOException {
    return Ext2FileSystem.mount(
        memory,
        MountOptions.parse("oldalloc,noatime,noreservation" + options),
        Instrumentation.production()
            .withClock(() -> ImageFixture.BASE_SECOND)
            .withGenerationBase(ImageFixture.GENERATION_BASE)
            .withAllocatorPid(() -> ImageFixture.PID)
            .withScheduler(Scheduler.production()));
  }

  private void judge(PersistentMemory state, String options) throws Exception {
    List<ImageFinding> findings = ImageCheck.of(state);
    findings.forEach(each -> kinds.add(each.kind()));
    List<ImageFinding> damage =
        findings.stream().filter(each -> !each.kind().isTolerable()).toList();
    if (!damage.isEmpty()) {
      throw new IllegalStateException("damage: " + damage);
    }
    Set<String> found = Set.copyOf(rootNames(state));
    for (String each : found) {
      if (!names.contains(each)) {
        throw new IllegalStateException("damage: a name that was never given: " + each);
      }
    }
    Ext2FileSystem after = mount(state, options);
    if (used) {
      for (String each : found) {
        requireNothingStale(after, "/" + each);
      }
    }
    if (!after.errors().isEmpty()) {
      throw new IllegalStateException("after mount: " + after.errors());
    }
  }

  /** Requires that a file or a symbolic link shows nothing that its blocks held before. */
  private static void requireNothingStale(Ext2FileSystem fs, String path) throws Exception {
    int type = fs.paths().stat(path, false).mode() & FileMode.TYPE_MASK;
    byte[] content = {};
    if (type == FileMode.SYMLINK) {
      content = fs.paths().readlink(path);
      if (content.length == 0) {
        throw new IllegalStateException("damage: " + path + " leads nowhere");
      }
    } else if (type == FileMode.REGULAR) {
      try (OpenFile file = fs.open(path, 0, 0)) {
        content = new byte[(int) Math.min(file.stat().size(), MOST_READ)];
        file.pread(0, content);
      }
    }
    for (byte each : content) {
      if (each == STALE) {
        throw new IllegalStateException("damage: " + path + " shows what its block held before");
      }
    }
  }

  private static List<String> rootNames(PersistentMemory memory) {
    int blockBytes = DurableImage.blockBytes(memory);
    RawInode root = DurableImage.inode(memory, 2);
    List<String> names = new ArrayList<>();
    for (int page = 0; page < root.sizeLow() / blockBytes; page++) {
      long block = Integer.toUnsignedLong(root.block(page));
      int at = 0;
      while (at < blockBytes) {
        DirEntry entry = new DirEntry(memory, block * blockBytes + at);
        if (entry.recLen() < DirEntry.bytesFor(1)) {
          throw new IllegalStateException(
              "damage: block %d of the root directory, byte %d: an entry of %d bytes"
                  .formatted(block, at, entry.recLen()));
        }
        if (entry.inode() != 0) {
          names.add(new String(entry.name(), StandardCharsets.UTF_8));
        }
        at += entry.recLen();
      }
    }
    return names;
  }

  /** Requires that no state is damaged. */
  void assertSound() {
    assertThat(report.findings()).as("%s", report).isEmpty();
    assertThat(report.tried()).isGreaterThan(10);
  }

  /** Requires that no state is damaged, and that each file has a name in each. */
  void assertSoundWithoutOrphans() {
    assertSound();
    assertThat(kinds).doesNotContain(ImageFinding.Kind.ORPHAN);
  }
}
