// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.trace;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The file that QEMU's plugin and the host share: a header, then records. The mirror of {@code
 * qemu/tracer/nvdimm-trace.h}.
 *
 * <p>While the guest is idle, {@link #count} marks the place between two operations. Used by one
 * thread of the host.
 */
public final class StoreTraceFile implements AutoCloseable {
  private static final long MAGIC = 0x3145434152544450L;
  private static final long RECORDS_AT = 4096;
  private static final long RECORD_BYTES = 40;

  private static final long BASE = 8;
  private static final long LENGTH = 16;
  private static final long ENABLED = 24;
  private static final long COUNT = 32;
  private static final long LOST = 48;
  private static final long UNRESOLVED = 56;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle WORD = LONG.varHandle();

  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment file;

  private StoreTraceFile(Path path, long records) throws IOException {
    this.path = path;
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      file =
          channel.map(
              FileChannel.MapMode.READ_WRITE, 0, RECORDS_AT + records * RECORD_BYTES, arena);
    }
    file.set(LONG, 0, MAGIC);
  }

  /**
   * Creates a trace, which takes room on the disk as it grows.
   *
   * @param path a file that does not exist
   * @param records the most records that it can hold
   */
  public static StoreTraceFile create(Path path, long records) throws IOException {
    return new StoreTraceFile(path, records);
  }

  /** Returns the path, for QEMU. */
  public Path path() {
    return path;
  }

  /**
   * Starts recording, from the next instruction of the guest on.
   *
   * @param base the guest-physical address of the first byte
   * @param length the number of bytes
   */
  public void start(long base, long length) {
    file.set(LONG, BASE, base);
    file.set(LONG, LENGTH, length);
    WORD.setRelease(file, ENABLED, 1L);
  }

  /** Stops recording stores. */
  public void stop() {
    WORD.setRelease(file, ENABLED, 0L);
  }

  /** Returns the number of records so far. */
  public long count() {
    return (long) WORD.getAcquire(file, COUNT);
  }

  /** Removes all records. A store of the guest at the same time leaves a count that is not 0. */
  public void clear() {
    WORD.setRelease(file, COUNT, 0L);
  }

  /** Returns the number of write-backs whose address no store had named. */
  public long unresolved() {
    return file.get(LONG, UNRESOLVED);
  }

  /**
   * Returns the records of a part.
   *
   * @param from the index of the first
   * @param to the index after the last, at most {@link #count}
   * @throws IOException if the file was too small for all records
   */
  public List<TraceRecord> records(long from, long to) throws IOException {
    if (file.get(LONG, LOST) != 0) {
      throw new IOException(
          "%s: %d records found no room in a trace of %d"
              .formatted(path, file.get(LONG, LOST), count()));
    }
    List<TraceRecord> records = new ArrayList<>();
    for (long i = from; i < to; i++) {
      long at = RECORDS_AT + i * RECORD_BYTES;
      records.add(
          new TraceRecord(
              TraceRecord.Kind.of(file.get(ValueLayout.JAVA_BYTE, at + 32)),
              file.get(LONG, at),
              file.get(ValueLayout.JAVA_BYTE, at + 33),
              file.get(LONG, at + 8),
              file.get(LONG, at + 16),
              file.get(LONG, at + 24)));
    }
    return records;
  }

  @Override
  public void close() {
    arena.close();
  }
}
