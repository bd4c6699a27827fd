// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.trace.StoreTraceFile;
import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.harness.wire.GuestException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * An NVDIMM of a guest whose power cuts lose what was not durable. A plugin of QEMU records the
 * stores from a moment on; the state that a cut leaves is chosen among those of the crash engine.
 * Used by one thread.
 */
public final class TracedNvdimm implements AutoCloseable {
  /** Enough for a program that writes 40 MiB around the caches. */
  private static final long RECORDS = 6_000_000;

  /**
   * Earlier stores are durable: a cache may write back what it has at any time. Enough for two
   * campaigns beside each other, of which one may have stored nothing for seconds.
   */
  private static final int MOST_LOSSY = 1_000_000;

  private static final int MOST_READS = 20;

  private final FsImage image;
  private final Tracer tracer;
  private final StoreTraceFile file;
  private ImageContent begin;

  private TracedNvdimm(FsImage image, Tracer tracer, StoreTraceFile file) throws IOException {
    this.image = image;
    this.tracer = tracer;
    this.file = file;
    this.begin = ImageContent.of(image);
  }

  /**
   * Gets the plugin, and makes a file for its records.
   *
   * @param image the NVDIMM
   * @param directory gets the file
   */
  public static TracedNvdimm prepare(FsImage image, Path directory)
      throws GuestException, IOException {
    Tracer tracer = Tracer.prepare();
    return new TracedNvdimm(
        image, tracer, StoreTraceFile.create(directory.resolve("lossy.trace"), RECORDS));
  }

  /** Returns the guest with the plugin. */
  public GuestSpec traced(GuestSpec spec) {
    return spec.withTracing(new GuestSpec.Tracing(tracer, file.path()));
  }

  /**
   * Begins: what is there now is durable.
   *
   * @param resource the guest-physical address of the namespace, which begins at {@link
   *     FsImage#OFFSET_BYTES} of the file
   */
  public void begin(long resource) throws IOException {
    file.stop();
    file.start(resource, FsImage.FS_BYTES);
    begin = TracedPages.quietImage(file, image);
  }

  /** Returns the number of records so far. */
  public long count() {
    return file.count();
  }

  /** A power cut of a guest that ends now. */
  public final class Cut {
    private final List<TraceRecord> records;
    private final TracedPages pages;
    private final HeapMemory state;

    private Cut(List<TraceRecord> records, TracedPages pages, HeapMemory state) {
      this.records = records;
      this.pages = pages;
      this.state = state;
    }

    /** Returns the records since the begin. */
    List<TraceRecord> records() {
      return records;
    }

    /** Leaves the state on the NVDIMM, of which the guest must have ended. */
    public void write() throws IOException {
      begin.writeTo(image);
      byte[] bytes = new byte[ImageContent.PAGE_BYTES];
      try (FileChannel nvdimm = FileChannel.open(image.path(), StandardOpenOption.WRITE)) {
        for (int i = 0; i < pages.pages().size(); i++) {
          state.read((long) i * bytes.length, bytes);
          FsImage.write(nvdimm, pages.pages().get(i), bytes);
        }
      }
    }
  }

  /**
   * Cuts the power of a guest that is idle or paused, and about to be ended: its later stores do
   * not count.
   *
   * @param seed of the choice
   * @throws BackendException if the records do not lead to what the NVDIMM holds
   */
  public Cut cut(long seed) throws BackendException, IOException {
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
    int durable = Math.max(0, records.size() - MOST_LOSSY);
    RecordedMemory old = RecordedMemory.byOperation(pages.of(begin));
    pages.repeat(records.subList(0, durable), old);
    RecordedMemory memory = RecordedMemory.byOperation(copy(old));
    pages.repeat(records.subList(durable, records.size()), memory);
    pages.requireComplete(begin, now, memory);
    return new Cut(records, pages, CrashStates.of(memory.trace()).chosenAtEnd(seed));
  }

  private static HeapMemory copy(RecordedMemory memory) {
    byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
    memory.read(0, bytes);
    HeapMemory copy = new HeapMemory(bytes.length);
    copy.copy(0, bytes, 0, bytes.length);
    return copy;
  }

  @Override
  public void close() {
    file.close();
  }
}
