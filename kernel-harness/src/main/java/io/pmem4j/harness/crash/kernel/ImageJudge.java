// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.crash.Acknowledgements;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.backend.guest.TracedPages;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.E2fsckFindings;
import io.pmem4j.harness.crash.kernel.RepairBench.Examined;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The judge of a program's crash images. Each image is mounted as it is, while e2fsck repairs a
 * copy; if e2fsck complained, the copy is mounted too. The promises hold in the last mount. In the
 * ordered mode they hold in the first one, e2fsck complains of what is on the list alone, and its
 * repair takes nothing away. Equal images are judged once, and equal repaired ones mounted once.
 * Used by one thread.
 */
final class ImageJudge implements AutoCloseable {
  private final MountingMachine machine;
  private final TracedProgram program;
  private final CrashOrder order;
  private final List<String> paths;
  private final StatePages pages;
  private final Map<String, Judged> seen = new HashMap<>();
  private final Map<String, Integer> complaints = new TreeMap<>();
  private final int mountsBefore;
  private int repairs;
  private int keptAtOnce;
  private final Map<KnownLoss, Integer> losses = new EnumMap<>(KnownLoss.class);
  private final int blockBytes;
  private final TornStates torn;
  private final RepairBench bench;

  /** The files of repaired images, by the key of their pages. */
  private final Map<String, Optional<Map<String, byte[]>>> repairedFiles = new HashMap<>();

  /** Data of files is ordered before their pointers. */
  private final boolean dax;

  /**
   * A judged image.
   *
   * @param failure the reason why it is broken whatever was promised; empty if there is none
   * @param atOnce the files of the image as the power cut left it
   * @param files the files after a repair; the same if there was nothing to repair
   */
  private record Judged(String failure, Map<String, byte[]> atOnce, Map<String, byte[]> files) {}

  /** Prepares the image of a machine for those of a program. */
  ImageJudge(
      MountingMachine machine,
      TracedProgram program,
      CrashOrder order,
      TracedPages pages,
      StoreTrace trace)
      throws IOException {
    this.machine = machine;
    this.program = program;
    this.order = order;
    this.pages = new StatePages(pages.pages(), program.mounted());
    this.paths = program.promises().paths();
    this.mountsBefore = machine.mounts();
    this.blockBytes = program.program().image().blockBytes();
    this.dax = program.program().hasDax();
    program.mounted().writeTo(machine.image());
    this.bench =
        new RepairBench(machine.image().path().resolveSibling("repaired.img"), program.mounted());
    this.torn =
        new TornStates(
            machine.image(),
            program.program().image().fsBytes(),
            pages,
            contentOf(pages.of(program.mounted())),
            trace);
  }

  private static byte[] contentOf(PersistentMemory memory) {
    byte[] content = new byte[Math.toIntExact(memory.byteSize())];
    memory.read(0, content);
    return content;
  }

  /** Returns the number of distinct images. */
  int images() {
    return seen.size();
  }

  /** Returns the number of mounts. */
  int mounts() {
    return machine.mounts() - mountsBefore;
  }

  /** Returns the number of images that e2fsck has repaired. */
  int repairs() {
    return repairs;
  }

  /** Returns the number of judgements in which the promises held before any repair. */
  int keptAtOnce() {
    return keptAtOnce;
  }

  /** Returns the number of judgements with each known loss. */
  Map<KnownLoss, Integer> losses() {
    return losses;
  }

  /** Returns the kinds of complaints of e2fsck, with the number of images of each. */
  Map<String, Integer> complaints() {
    return complaints;
  }

  /** Judges a state, for the crash engine. */
  void judge(PersistentMemory state, Acknowledgements acknowledged) throws Exception {
    // Loads of a segment are not logged: the log of millions of words would cost more than it
    // saves.
    MemorySegment content = state.segment();
    Judged found = judged(content);
    requireHolds(found);
    int completed = (int) acknowledged.get(TracedProgram.OPERATIONS);
    PromisedFiles promised = program.promises().at(completed, completed);
    Optional<String> atOnce = promised.broken(found.atOnce());
    if (atOnce.isEmpty()) {
      keptAtOnce++;
    }
    if (order == CrashOrder.ORDERED) {
      if (atOnce.isPresent()) {
        throw new IllegalStateException(atOnce.get());
      }
      return;
    }
    if (atOnce.isEmpty() || promised.broken(found.files()).isEmpty()) {
      return;
    }
    // ext2's sync_fs flushes no device, so sync(2) counts from the next fence on.
    int fenced = (int) acknowledged.get(TracedProgram.FENCED);
    PromisedFiles later = program.promises().at(completed, fenced);
    Optional<String> broken = later.broken(found.files());
    if (broken.isEmpty()) {
      losses.merge(KnownLoss.SYNC, 1, Integer::sum);
      return;
    }
    if (!dax && later.broken(found.files(), blockBytes).isEmpty()) {
      losses.merge(KnownLoss.NEW_BLOCK, 1, Integer::sum);
      return;
    }
    long fences = acknowledged.get(TracedProgram.FENCES);
    byte[] lacking = contentOf(state);
    byte[] sized = torn.withWholeSizes(lacking, fences);
    if (isMended(lacking, sized, later)) {
      losses.merge(KnownLoss.TORN_SIZE, 1, Integer::sum);
    } else if (machine.isKernel() && isMended(lacking, torn.withNewTrees(sized, fences), later)) {
      losses.merge(KnownLoss.NEW_TREE, 1, Integer::sum);
    } else {
      throw new IllegalStateException(broken.get());
    }
  }

  /** Returns true if promises that a crash state breaks hold in one with more stores. */
  private boolean isMended(byte[] lacking, byte[] whole, PromisedFiles promised)
      throws IOException {
    if (Arrays.equals(whole, lacking)) {
      return false;
    }
    Judged other = judged(MemorySegment.ofArray(whole));
    requireHolds(other);
    return promised.broken(other.files(), dax ? 0 : blockBytes).isEmpty();
  }

  private static void requireHolds(Judged image) {
    if (!image.failure().isEmpty()) {
      throw new IllegalStateException(image.failure());
    }
  }

  private Judged judged(MemorySegment content) throws IOException {
    String key = pages.take(content);
    Judged found = seen.get(key);
    if (found == null) {
      pages.writeTo(machine);
      found = judge();
      seen.put(key, found);
    }
    return found;
  }

  private Judged judge() throws IOException {
    Map<Integer, byte[]> image = pages.pages();
    FutureTask<Examined> check =
        new FutureTask<>(
            () -> order == CrashOrder.ORDERED ? bench.checkAndRepair(image) : bench.repair(image));
    Thread.ofVirtual().start(check);
    try {
      Optional<Map<String, byte[]>> atOnce;
      Examined examined;
      try {
        atOnce = machine.read(paths);
      } finally {
        examined = resultOf(check);
      }
      String complaint = examined.complaint();
      E2fsckKinds.of(complaint).forEach(kind -> complaints.merge(kind, 1, Integer::sum));
      if (atOnce.isEmpty()) {
        return failed("the file system refuses to mount");
      }
      List<String> unlisted = E2fsckFindings.of(complaint).unlisted();
      if (order == CrashOrder.ORDERED && !unlisted.isEmpty()) {
        return failed("e2fsck -fn: " + unlisted);
      }
      return complaint.isEmpty()
          ? new Judged("", atOnce.get(), atOnce.get())
          : repaired(atOnce.get(), image, examined);
    } catch (GuestException e) {
      return failed(e.outcome() + ": " + e.getMessage());
    }
  }

  private static Examined resultOf(FutureTask<Examined> check) throws IOException {
    try {
      return check.get();
    } catch (ExecutionException e) {
      throw new IOException("e2fsck: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while e2fsck ran", e);
    }
  }

  private Judged repaired(Map<String, byte[]> atOnce, Map<Integer, byte[]> image, Examined examined)
      throws IOException, GuestException {
    repairs++;
    if (!examined.left().isEmpty()) {
      return failed(examined.left());
    }
    String key = StatePages.keyOf(examined.repaired());
    Optional<Map<String, byte[]>> files = repairedFiles.get(key);
    if (files == null) {
      files = readRepaired(image, examined.repaired());
      repairedFiles.put(key, files);
    }
    if (files.isEmpty()) {
      return failed("the file system refuses to mount after its repair");
    }
    Optional<String> lost =
        order == CrashOrder.ORDERED ? lost(atOnce, files.get()) : Optional.empty();
    return lost.isPresent()
        ? failed("e2fsck -fy changes " + lost.get())
        : new Judged("", atOnce, files.get());
  }

  /** Mounts what e2fsck has made of an image, and puts the image back. */
  private Optional<Map<String, byte[]>> readRepaired(
      Map<Integer, byte[]> image, Map<Integer, byte[]> repaired)
      throws IOException, GuestException {
    Set<Integer> differences = bench.differences(image, repaired);
    try {
      for (int page : differences) {
        machine.write(page, bench.page(repaired, page));
      }
      return machine.read(paths);
    } finally {
      for (int page : differences) {
        machine.write(page, bench.page(image, page));
      }
    }
  }

  /** Returns a file of which a repair has taken something away; it may make one longer. */
  private static Optional<String> lost(Map<String, byte[]> before, Map<String, byte[]> after) {
    for (Map.Entry<String, byte[]> each : before.entrySet()) {
      byte[] had = each.getValue();
      byte[] has = after.getOrDefault(each.getKey(), new byte[0]);
      if (has.length < had.length || !Arrays.equals(had, 0, had.length, has, 0, had.length)) {
        return Optional.of(each.getKey());
      }
    }
    return Optional.empty();
  }

  private static Judged failed(String reason) {
    return new Judged(reason, Map.of(), Map.of());
  }

  @Override
  public void close() throws IOException {
    bench.close();
  }
}
