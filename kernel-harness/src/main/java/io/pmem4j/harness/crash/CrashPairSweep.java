// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.crash.Acknowledgements;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashScenario;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Explores the crash states of each interleaving of two tasks. Tasks switch at the locks of the
 * file system and before each flush, so between the steps of an ordered change too. A drain covers
 * what its own task has flushed, so that stores of both are pending at a crash. Not thread-safe.
 */
public final class CrashPairSweep implements AutoCloseable {
  private final CrashOrder order;
  private final CrashMode mode;
  private final long atMost;
  private final Explorer explorer;
  private final VolumeJudge judge;

  /** The promises of the interleaving that was run last, by task. */
  private final Map<String, List<CrashRun.Promise>> promises = new LinkedHashMap<>();

  private long states;

  /**
   * Creates a sweep.
   *
   * @param atMost the limit of states at one point of a crash
   * @param images the number of distinct images of each pair that e2fsck judges
   * @param preemptions the limit of preemptions of an interleaving
   */
  public CrashPairSweep(CrashOrder order, CrashMode mode, long atMost, int images, int preemptions)
      throws IOException {
    this.order = order;
    this.mode = mode;
    this.atMost = atMost;
    this.explorer = Explorer.bounded(preemptions).stoppingAtFirst(true);
    this.judge = new VolumeJudge(order, images);
  }

  /**
   * The outcome of one pair.
   *
   * @param exploration the interleavings; its findings are broken crash states, failed operations
   *     and deadlocks
   * @param states the number of judgements of crash states in all interleavings: equal traces, and
   *     states of one trace that the judges cannot tell apart, count once
   * @param kinds the findings of the checker over all states
   * @param images the number of distinct images that e2fsck has judged
   * @param nanos the time of all, in which {@code nanosOfE2fsck} is included
   * @param nanosOfE2fsck the time of e2fsck
   */
  public record Outcome(
      Exploration exploration,
      long states,
      Set<ImageFinding.Kind> kinds,
      int images,
      long nanos,
      long nanosOfE2fsck) {
    /** Copies the set. */
    public Outcome {
      kinds = Set.copyOf(kinds);
    }

    /** Returns the states judged in a second by the model. */
    public double statesPerSecond() {
      return states * 1e9 / Math.max(1, nanos - nanosOfE2fsck);
    }
  }

  /** Explores one pair. */
  public Outcome run(CrashPair pair) throws Exception {
    long start = System.nanoTime();
    byte[] prepared = prepared(pair);
    judge.begin();
    states = 0;
    CrashScenario scenario =
        CrashScenario.of(
                prepared.length,
                mode,
                (memory, scheduler) -> {
                  promises.clear();
                  Ext2FileSystem fs = VolumeJudge.mount(memory, order, scheduler);
                  return List.of(
                      task("left", pair.left(), fs, memory),
                      task("right", pair.right(), fs, memory));
                },
                this::check)
            .prepared(memory -> memory.copy(0, prepared, 0, prepared.length))
            .insideRecovery(false)
            .atMost(atMost)
            .byCheckAlone()
            .switchingAtFlushes();
    Exploration exploration = explorer.explore(scenario);
    return new Outcome(
        exploration,
        states,
        judge.kinds(),
        judge.images(),
        System.nanoTime() - start,
        judge.nanos());
  }

  private byte[] prepared(CrashPair pair) throws Exception {
    byte[] image = judge.emptyImage().clone();
    HeapMemory memory = new HeapMemory(image.length, mode.granularity());
    memory.copy(0, image, 0, image.length);
    Ext2FileSystem before = judge.mount(memory);
    pair.prepare().run(new CrashRun(before, null, new ArrayList<>()));
    before.unmount();
    VolumeJudge.requireWhole(memory, pair);
    memory.read(0, image, 0, image.length);
    return image;
  }

  private Scenario.Task task(
      String name, CrashWorkload.Step operations, Ext2FileSystem fs, RecordedMemory memory) {
    List<CrashRun.Promise> own = new ArrayList<>();
    promises.put(name, own);
    CrashRun run = new CrashRun(fs, memory, own, name);
    return new Scenario.Task(name, () -> operations.run(run));
  }

  private void check(PersistentMemory state, Acknowledgements acknowledged) throws Exception {
    states++;
    Map<String, CrashRun.Held> holding = new LinkedHashMap<>();
    promises.forEach(
        (task, own) -> holding.putAll(CrashRun.holding(own, Math.max(0, acknowledged.get(task)))));
    judge.check(state, holding);
  }

  @Override
  public void close() {
    judge.close();
  }
}
