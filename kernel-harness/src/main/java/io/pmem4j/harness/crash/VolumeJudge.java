// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.check.ImageCheck;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The judgement of a crash state: a checker of our own, e2fsck for a sample, a mount in the model,
 * and the promises.
 */
final class VolumeJudge implements AutoCloseable {
  private static final long NOW = 1_444_428_128L;
  private static final int PID = 5;
  private static final int GENERATION = 1000;

  private final CrashOrder order;
  private final RepairJudge judge;
  private final Set<ImageFinding.Kind> kinds = EnumSet.noneOf(ImageFinding.Kind.class);

  /**
   * Creates a judge.
   *
   * @param images the number of distinct images of each workload that e2fsck judges
   */
  VolumeJudge(CrashOrder order, int images) throws IOException {
    this.order = order;
    this.judge = new RepairJudge(order, images);
  }

  /** Begins a workload. */
  void begin() {
    kinds.clear();
    judge.begin();
  }

  /** Returns the image that all workloads begin with. */
  byte[] emptyImage() {
    return judge.emptyImage();
  }

  /** Returns the kinds of findings of the checker since {@link #begin}. */
  Set<ImageFinding.Kind> kinds() {
    return Set.copyOf(kinds);
  }

  /** Returns the number of images that e2fsck has judged since {@link #begin}. */
  int images() {
    return judge.images();
  }

  /** Returns the time that e2fsck has taken since {@link #begin}. */
  long nanos() {
    return judge.nanos();
  }

  Ext2FileSystem mount(PersistentMemory memory) throws Ext2Exception {
    return mount(memory, order, Scheduler.production());
  }

  static Ext2FileSystem mount(PersistentMemory memory, CrashOrder order, Scheduler scheduler)
      throws Ext2Exception {
    return Ext2FileSystem.mount(
        memory,
        MountOptions.parse(order.options()),
        Instrumentation.production()
            .withClock(() -> NOW)
            .withGenerationBase(GENERATION)
            .withAllocatorPid(() -> PID)
            .withScheduler(scheduler));
  }

  /** Requires that an image that no crash has met is whole. */
  static void requireWhole(PersistentMemory memory, Object workload) throws Ext2Exception {
    List<ImageFinding> prepared = ImageCheck.of(memory);
    if (!prepared.isEmpty()) {
      throw new IllegalStateException(workload + ": the prepared image has " + prepared);
    }
  }

  /**
   * Judges a state.
   *
   * @param holding the content that files have for certain, by path
   */
  void check(PersistentMemory state, Map<String, CrashRun.Held> holding) throws Exception {
    List<ImageFinding> findings = ImageCheck.of(state);
    findings.forEach(each -> kinds.add(each.kind()));
    List<ImageFinding> damage =
        findings.stream().filter(each -> !each.kind().isTolerable()).toList();
    if (order == CrashOrder.ORDERED && !damage.isEmpty()) {
      throw new IllegalStateException("damage: " + damage);
    }
    judge.judge(state, holding);
    Ext2FileSystem after = mount(state);
    try {
      requirePromises(after, order, holding);
    } catch (CorruptFileSystemException e) {
      // In the order of Linux a torn directory hides what is synced until e2fsck has been there.
      if (order == CrashOrder.ORDERED) {
        throw e;
      }
    }
    if (order == CrashOrder.ORDERED && !after.errors().isEmpty()) {
      throw new IllegalStateException("the file system reports: " + after.errors());
    }
  }

  /**
   * Requires that each promised file has its content. In the ordered mode a file that grows has no
   * size without the bytes; in the order of Linux a block may be missing before a durable size.
   */
  static void requirePromises(
      Ext2FileSystem fs, CrashOrder order, Map<String, CrashRun.Held> holding)
      throws Ext2Exception {
    for (Map.Entry<String, CrashRun.Held> each : holding.entrySet()) {
      CrashRun.Held held = each.getValue();
      byte[] content = held.content();
      try (OpenFile file = fs.open(each.getKey(), 0, 0)) {
        byte[] found = new byte[Math.toIntExact(Math.min(file.stat().size(), 1 << 24))];
        file.pread(0, found);
        int judged = order == CrashOrder.ORDERED ? found.length : held.least();
        if (found.length < held.least()
            || found.length > content.length
            || !held.allows(found, judged)) {
          throw new IllegalStateException(
              "%s was synced with %d bytes, and has %d bytes or others"
                  .formatted(each.getKey(), held.least(), found.length));
        }
      }
    }
  }

  @Override
  public void close() {
    judge.close();
  }
}
