// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.crash.Acknowledgements;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.check.ImageCheck;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Explores the crash states of workloads, one after the other. Not thread-safe. */
public final class CrashSweep implements AutoCloseable {
  private static final long NOW = 1_444_428_128L;
  private static final int PID = 5;
  private static final int GENERATION = 1000;

  private final CrashOrder order;
  private final CrashMode mode;
  private final long atMost;
  private final RepairJudge judge;
  private boolean insideMount;

  /**
   * Creates a sweep.
   *
   * @param atMost the limit of states at one point of a crash
   * @param images the number of distinct images of each workload that e2fsck judges
   */
  public CrashSweep(CrashOrder order, CrashMode mode, long atMost, int images) throws IOException {
    this.order = order;
    this.mode = mode;
    this.atMost = atMost;
    this.judge = new RepairJudge(order, images);
  }

  /** Tries a crash at each point of the mount after a crash too. */
  public CrashSweep insideMount() {
    insideMount = true;
    return this;
  }

  /**
   * The outcome of one workload.
   *
   * @param report the states
   * @param kinds the findings of the checker over all states
   * @param images the number of distinct images that e2fsck has judged
   * @param nanosOfE2fsck the time of e2fsck, which counts as no time of the model
   */
  public record Outcome(
      CrashReport report, Set<ImageFinding.Kind> kinds, int images, long nanosOfE2fsck) {
    /** Copies the set. */
    public Outcome {
      kinds = Set.copyOf(kinds);
    }

    /** Returns the states judged in a second by the model. */
    public double statesPerSecond() {
      return report.tried() * 1e9 / Math.max(1, report.nanos() - nanosOfE2fsck);
    }
  }

  /** Explores one workload. */
  public Outcome run(CrashWorkload workload) throws Exception {
    byte[] empty = judge.emptyImage();
    HeapMemory memory = new HeapMemory(empty.length, mode.granularity());
    memory.copy(0, empty, 0, empty.length);
    List<CrashRun.Promise> promises = new ArrayList<>();
    Ext2FileSystem before = mount(memory);
    workload.prepare().run(new CrashRun(before, null, new ArrayList<>()));
    before.unmount();
    List<ImageFinding> prepared = ImageCheck.of(memory);
    if (!prepared.isEmpty()) {
      throw new IllegalStateException(workload + ": the prepared image has " + prepared);
    }
    RecordedMemory recorded = RecordedMemory.over(memory);
    workload.operations().run(new CrashRun(mount(recorded), recorded, promises));
    Set<ImageFinding.Kind> kinds = EnumSet.noneOf(ImageFinding.Kind.class);
    judge.begin();
    CrashReport report =
        CrashStates.of(recorded.trace())
            .mode(mode)
            .atMost(atMost)
            .insideRecovery(insideMount)
            .check((state, acknowledged) -> check(state, acknowledged, promises, kinds));
    return new Outcome(report, kinds, judge.images(), judge.nanos());
  }

  private Ext2FileSystem mount(PersistentMemory memory) throws Ext2Exception {
    return mount(memory, order);
  }

  static Ext2FileSystem mount(PersistentMemory memory, CrashOrder order) throws Ext2Exception {
    return Ext2FileSystem.mount(
        memory,
        MountOptions.parse(order.options()),
        Instrumentation.production()
            .withClock(() -> NOW)
            .withGenerationBase(GENERATION)
            .withAllocatorPid(() -> PID));
  }

  private void check(
      PersistentMemory state,
      Acknowledgements acknowledged,
      List<CrashRun.Promise> promises,
      Set<ImageFinding.Kind> kinds)
      throws Exception {
    List<ImageFinding> findings = ImageCheck.of(state);
    findings.forEach(each -> kinds.add(each.kind()));
    List<ImageFinding> damage =
        findings.stream().filter(each -> !each.kind().isTolerable()).toList();
    if (order == CrashOrder.ORDERED && !damage.isEmpty()) {
      throw new IllegalStateException("damage: " + damage);
    }
    Map<String, byte[]> holding = CrashRun.holding(promises, acknowledged.get(CrashRun.PROMISES));
    judge.judge(state, holding);
    Ext2FileSystem after = mount(state);
    try {
      requirePromises(after, holding);
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

  /** Requires that each promised file has its content. */
  static void requirePromises(Ext2FileSystem fs, Map<String, byte[]> holding) throws Ext2Exception {
    for (Map.Entry<String, byte[]> each : holding.entrySet()) {
      try (OpenFile file = fs.open(each.getKey(), 0, 0)) {
        byte[] found = new byte[Math.toIntExact(Math.min(file.stat().size(), 1 << 24))];
        file.pread(0, found);
        if (!Arrays.equals(found, each.getValue())) {
          throw new IllegalStateException(
              "%s was synced with %d bytes, and has %d bytes or others"
                  .formatted(each.getKey(), each.getValue().length, found.length));
        }
      }
    }
  }

  @Override
  public void close() {
    judge.close();
  }
}
