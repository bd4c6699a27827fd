// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Plain files through {@link FileChannel}, on any file system: records are appended and synced, a
 * value is replaced by a rename, and the appended file starts over now and then.
 */
public class FileLane implements Lane {
  private static final int RECORD_BYTES = 256;

  /** Each such operation replaces the value, the others append. */
  private static final int REPLACE = 4;

  /** Each such operation starts the appended file over with its record. */
  private static final int START_OVER = 512;

  private final Path folder;
  private final Path appended;
  private final Path value;
  private final Payload payload;
  private final KillPoint.Listener points;
  private @Nullable FileChannel tail;

  /** In a folder of its own, which is made. */
  public FileLane(Path folder, Payload payload, KillPoint.Listener points) {
    this.folder = folder;
    this.appended = folder.resolve("appended");
    this.value = folder.resolve("value");
    this.payload = payload;
    this.points = points;
  }

  @Override
  public long recover(long promised) throws LostException, IOException {
    if (Files.notExists(folder)) {
      if (promised > 0) {
        throw new LostException("folder " + folder + " is not there");
      }
      Files.createDirectories(folder);
      sync(folder.getParent());
    }
    long replaced = replaced();
    long last = Math.max(replaced, checkAppended(replaced, promised));
    if (replaced != valueAfter(last)) {
      throw new LostException(
          "%s: it is of operation %d, expected %d, as operation %d is there"
              .formatted(value, replaced, valueAfter(last), last));
    }
    sync(folder);
    return last;
  }

  /** Returns the operation of the value, 0 for none. */
  private long replaced() throws LostException, IOException {
    if (Files.notExists(value)) {
      return 0;
    }
    byte[] found = Files.readAllBytes(value);
    long operation = Payload.operation(found);
    if (operation <= 0 || valueAfter(operation) != operation) {
      throw new LostException(value + ": operation " + operation + " did not write it");
    }
    Payload.require(record(operation), found, value.toString());
    force(value);
    return operation;
  }

  /** Checks the appended records, cuts a torn tail off, and returns their last operation. */
  private long checkAppended(long replaced, long promised) throws LostException, IOException {
    byte[] bytes = Files.exists(appended) ? Files.readAllBytes(appended) : new byte[0];
    long first = Math.max(0, Payload.operation(bytes));
    long last = 0;
    long due = first == startOf(first) ? Math.max(1, first) : 1;
    int at = 0;
    while (at + RECORD_BYTES <= bytes.length
        && Arrays.equals(bytes, at, at + RECORD_BYTES, record(due), 0, RECORD_BYTES)) {
      last = due;
      due = appends(due + 1) ? due + 1 : due + 2;
      at += RECORD_BYTES;
    }
    int end = Math.min(bytes.length, at + RECORD_BYTES);
    if (due <= Math.max(replaced, promised) || bytes.length > end) {
      Payload.require(record(due), Arrays.copyOfRange(bytes, at, end), appended + " at " + at);
      throw new LostException(appended + ": " + bytes.length + " bytes, expected " + end);
    }
    if (Files.exists(appended)) {
      try (FileChannel file = FileChannel.open(appended, StandardOpenOption.WRITE)) {
        file.truncate(at);
        file.force(true);
      }
    }
    return last;
  }

  private static boolean appends(long operation) {
    return operation % REPLACE != 0 || operation % START_OVER == 0;
  }

  /** Returns the operation with which the appended file starts after an operation. */
  private static long startOf(long operation) {
    return operation < START_OVER ? Math.min(operation, 1) : operation / START_OVER * START_OVER;
  }

  /** Returns the operation that wrote the value as it is after an operation, 0 for none. */
  private static long valueAfter(long operation) {
    long replacing = operation / REPLACE * REPLACE;
    return appends(replacing) ? Math.max(0, replacing - REPLACE) : replacing;
  }

  private byte[] record(long operation) {
    return payload.exactly(operation, RECORD_BYTES);
  }

  @Override
  public void perform(long operation) throws IOException {
    points.reached(KillPoint.BEFORE_STORE);
    if (operation % START_OVER == 0) {
      closeTail();
      replace(appended, operation);
    } else if (operation % REPLACE == 0) {
      replace(value, operation);
    } else {
      FileChannel file = tail();
      write(file, operation);
      points.reached(KillPoint.BETWEEN_FLUSH_AND_FENCE);
      force(file);
      points.reached(KillPoint.AFTER_PUBLISH);
    }
  }

  private void replace(Path file, long operation) throws IOException {
    Path fresh = folder.resolve("new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      write(channel, operation);
      points.reached(KillPoint.BETWEEN_FLUSH_AND_FENCE);
      force(channel);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    points.reached(KillPoint.AFTER_PUBLISH);
    sync(folder);
  }

  private FileChannel tail() throws IOException {
    FileChannel open = tail;
    if (open == null) {
      boolean made = Files.notExists(appended);
      open =
          FileChannel.open(
              appended,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.APPEND);
      tail = open;
      if (made) {
        sync(folder);
      }
    }
    return open;
  }

  private void write(FileChannel file, long operation) throws IOException {
    ByteBuffer record = ByteBuffer.wrap(record(operation));
    while (record.hasRemaining()) {
      file.write(record);
    }
  }

  /** Syncs what was written to a file. */
  protected void force(FileChannel file) throws IOException {
    file.force(false);
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void sync(@Nullable Path directory) throws IOException {
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory)) {
        channel.force(true);
      }
    }
  }

  private void closeTail() throws IOException {
    FileChannel open = tail;
    if (open != null) {
      tail = null;
      open.close();
    }
  }

  @Override
  public void close() throws IOException {
    closeTail();
  }
}
