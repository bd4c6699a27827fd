// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.PromiseLog;
import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The file system of a guest whose power cuts lose what was not durable, with its promises. Used by
 * one thread.
 */
final class LossyMedium implements AutoCloseable {
  private final FsImage image;
  private final TracedNvdimm nvdimm;
  private final List<Integer> marks = new ArrayList<>();
  private PromiseLog promises = new PromiseLog(Map.of());

  private LossyMedium(FsImage image, TracedNvdimm nvdimm) {
    this.image = image;
    this.nvdimm = nvdimm;
  }

  /**
   * Gets the plugin, and makes a file for its records.
   *
   * @param image the NVDIMM
   * @param directory gets the file
   */
  static LossyMedium prepare(FsImage image, Path directory) throws GuestException, IOException {
    return new LossyMedium(image, TracedNvdimm.prepare(image, directory));
  }

  /** Returns the guest with the plugin. */
  GuestSpec traced(GuestSpec spec) {
    return nvdimm.traced(spec);
  }

  /** Begins after a mount: what is there now is durable. */
  void begin(Guest guest) throws GuestException, IOException {
    marks.clear();
    nvdimm.begin(guest.hello().resource());
    promises = new PromiseLog(MountedFiles.of(guest));
  }

  /** Takes note of an operation that has returned. */
  void returned(Guest guest, Operation operation, Outcome outcome) throws GuestException {
    marks.add((int) nvdimm.count());
    promises.add(operation, outcome, MountedFiles.of(guest));
  }

  /** The part of the work that waits for the end of the guest. */
  @FunctionalInterface
  interface State {
    /** Leaves the state on the NVDIMM, repaired by e2fsck. */
    PromisedFiles leave() throws BackendException, IOException;
  }

  /**
   * Cuts the power of a guest that is about to be ended: its later stores do not count.
   *
   * @param seed of the choice
   */
  State cut(long seed) throws BackendException, IOException {
    TracedNvdimm.Cut cut = nvdimm.cut(seed);
    PromisedFiles kept = promises.at(marks.size(), fenced(cut.records()));
    return () -> {
      cut.write();
      String left = E2fsck.repair(image).left();
      if (!left.isEmpty()) {
        throw BackendException.promiseBroken("after the lossy power cut: " + left);
      }
      return kept;
    };
  }

  /**
   * Returns the number of operations after which there was a fence: the others' sync(2) may not
   * count, as ext2 flushes no device there.
   */
  private int fenced(List<TraceRecord> records) {
    int fenced = 0;
    int from = 0;
    for (int i = 0; i <= marks.size(); i++) {
      int to = i < marks.size() ? Math.min(marks.get(i), records.size()) : records.size();
      if (records.subList(from, to).stream()
          .anyMatch(record -> record.kind() == TraceRecord.Kind.FENCE)) {
        fenced = i;
      }
      from = to;
    }
    return fenced;
  }

  /**
   * Judges the file system that the kernel has mounted after a cut.
   *
   * @throws BackendException if a promise is broken
   */
  static void judge(PromisedFiles kept, Guest guest) throws BackendException, GuestException {
    Optional<String> broken = kept.broken(MountedFiles.of(guest));
    if (broken.isPresent()) {
      throw BackendException.promiseBroken("after the lossy power cut: " + broken.get());
    }
  }

  @Override
  public void close() {
    nvdimm.close();
  }
}
