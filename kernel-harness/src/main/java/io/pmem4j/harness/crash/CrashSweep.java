// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.crash.Acknowledgements;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Explores the crash states of workloads, one after the other. Not thread-safe. */
public final class CrashSweep implements AutoCloseable {
  private final CrashMode mode;
  private final long atMost;
  private final VolumeJudge judge;
  private boolean insideMount;

  /**
   * Creates a sweep.
   *
   * @param atMost the limit of states at one point of a crash
   * @param images the number of distinct images of each workload that e2fsck judges
   */
  public CrashSweep(CrashOrder order, CrashMode mode, long atMost, int images) throws IOException {
    this.mode = mode;
    this.atMost = atMost;
    this.judge = new VolumeJudge(order, images);
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
    Ext2FileSystem before = judge.mount(memory);
    workload.prepare().run(new CrashRun(before, null, new ArrayList<>()));
    before.unmount();
    VolumeJudge.requireWhole(memory, workload);
    RecordedMemory recorded = RecordedMemory.over(memory);
    workload.operations().run(new CrashRun(judge.mount(recorded), recorded, promises));
    judge.begin();
    CrashReport report =
        CrashStates.of(recorded.trace())
            .mode(mode)
            .atMost(atMost)
            .insideRecovery(insideMount)
            .check((state, acknowledged) -> check(state, acknowledged, promises));
    return new Outcome(report, judge.kinds(), judge.images(), judge.nanos());
  }

  private void check(
      PersistentMemory state, Acknowledgements acknowledged, List<CrashRun.Promise> promises)
      throws Exception {
    judge.check(state, CrashRun.holding(promises, acknowledged.get(CrashRun.PROMISES)));
  }

  @Override
  public void close() {
    judge.close();
  }
}
