// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.PromiseLog;
import io.pmem4j.harness.backend.PromisedFiles;
import io.pmem4j.harness.guest.Guest;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.trace.StoreTraceFile;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The NVDIMM of a guest whose power cuts lose what was not durable. A plugin of QEMU records the
 * stores from a mount on; the state that a cut leaves is chosen among those of the crash engine.
 * Used by one thread.
 */
final class LossyMedium implements AutoCloseable {
  /** Enough for a program that writes 40 MiB around the caches. */
  private static final long RECORDS = 6_000_000;

  private static final int MOST_READS = 20;

  private final FsImage image;
  private final Tracer tracer;
  private final StoreTraceFile file;
  private final List<Integer> marks = new ArrayList<>();
  private ImageContent mounted;
  private PromiseLog promises;

  private LossyMedium(FsImage image, Tracer tracer, StoreTraceFile file) throws IOException {
    this.image = image;
    this.tracer = tracer;
    this.file = file;
    this.mounted = ImageContent.of(image);
    this.promises = new PromiseLog(Map.of());
  }

  /**
   * Gets the plugin, and makes a file for its records.
   *
   * @param image the NVDIMM
   * @param directory gets the file
   */
  static LossyMedium prepare(FsImage image, Path directory) throws GuestException, IOException {
    Tracer tracer = Tracer.prepare();
    return new LossyMedium(
        image, tracer, StoreTraceFile.create(directory.resolve("lossy.trace"), RECORDS));
  }

  /** Returns the guest with the plugin. */
  GuestSpec traced(GuestSpec spec) {
    return spec.withTracing(new GuestSpec.Tracing(tracer, file.path()));
  }

  /** Begins after a mount: what is there now is durable. */
  void begin(Guest guest) throws GuestException, IOException {
    marks.clear();
    file.stop();
    file.start(guest.hello().resource(), FsImage.FS_BYTES);
    mounted = TracedPages.quietImage(file, image);
    promises = new PromiseLog(MountedFiles.of(guest));
  }

  /** Takes note of an operation that has returned. */
  void returned(Guest guest, Operation operation, Outcome outcome) throws GuestException {
    marks.add((int) file.count());
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
    long count = file.count();
    ImageContent now = ImageContent.of(image);
    for (int i = 0; file.count() != count; i++) {
      if (i == MOST_READS) {
        throw new IOException("the guest stores without a pause; its image cannot be read");
      }
      count = file.count();
      now = ImageContent.of(image);
    }
    file.stop();
    List<TraceRecord> records = file.records(0, count);
    TracedPages pages = TracedPages.of(records);
    RecordedMemory memory = RecordedMemory.over(pages.of(mounted));
    int fenced = repeat(records, pages, memory);
    pages.requireComplete(mounted, now, memory);
    HeapMemory state = CrashStates.of(memory.trace()).chosenAtEnd(seed);
    PromisedFiles kept = promises.at(marks.size(), fenced);
    return () -> {
      write(pages, state);
      // A name that leads to a directory whose block was never written takes it two runs.
      String left = E2fsck.repair(image).isEmpty() ? "" : E2fsck.repair(image);
      if (!left.isEmpty()) {
        throw BackendException.promiseBroken("after the lossy power cut: " + left);
      }
      return kept;
    };
  }

  /**
   * Repeats the records.
   *
   * @return the number of operations after which there was a fence: the others' sync(2) may not
   *     count, as ext2 flushes no device there
   */
  private int repeat(List<TraceRecord> records, TracedPages pages, RecordedMemory memory) {
    int fenced = 0;
    int from = 0;
    for (int i = 0; i <= marks.size(); i++) {
      int to = i < marks.size() ? Math.min(marks.get(i), records.size()) : records.size();
      List<TraceRecord> own = records.subList(from, to);
      pages.repeat(own, memory);
      if (own.stream().anyMatch(record -> record.kind() == TraceRecord.Kind.FENCE)) {
        fenced = i;
      }
      from = to;
    }
    return fenced;
  }

  private void write(TracedPages pages, HeapMemory state) throws IOException {
    mounted.writeTo(image);
    byte[] bytes = new byte[ImageContent.PAGE_BYTES];
    try (FileChannel nvdimm = FileChannel.open(image.path(), StandardOpenOption.WRITE)) {
      for (int i = 0; i < pages.pages().size(); i++) {
        state.read((long) i * bytes.length, bytes);
        FsImage.write(nvdimm, pages.pages().get(i), bytes);
      }
    }
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
    file.close();
  }
}
