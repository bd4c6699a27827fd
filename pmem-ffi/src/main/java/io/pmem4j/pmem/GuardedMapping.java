// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The common part of both backends: uses under a {@link UseGuard}, and {@link Granularity#PAGE}.
 * There a persist is msync(2) and a load whose fault is caught: truncation cannot end the JVM.
 *
 * <p>The forced range is not in the caller's arena, whose closing throws an exception at any
 * safepoint poll of a force. The exception could fall between unmap and msync, which then works on
 * other memory. In a virtual thread it could fall between two counts of the scheduler. That then
 * adds carriers without limit, or never wakes one again (JDK 25.0.3).
 */
abstract class GuardedMapping extends Mapping {
  private static final String DRAIN = "drain";

  private final Granularity granularity;
  private final boolean mayHaveHoles;
  private final UseGuard guard;
  private final @Nullable BackingFile file;
  private final RawMapping raw;

  /** The first byte, as an offset in the memory, that a truncation has revoked. */
  private volatile long limit;

  /** Calls msync(2) on a part of {@link RawMapping#forced}. */
  private final MappingParts.RangeForce force;

  /** The constructor's arguments; see the fields. */
  record Parts(
      Path path,
      MapSpec spec,
      RawMapping raw,
      MemorySegment memory,
      UseGuard guard,
      @Nullable BackingFile file,
      boolean mayHaveHoles,
      MappingParts.RangeForce force) {}

  GuardedMapping(Parts parts) {
    super(parts.path(), parts.spec().offset(), parts.memory());
    this.granularity = parts.raw().granularity();
    this.mayHaveHoles = parts.mayHaveHoles();
    this.guard = parts.guard();
    this.file = parts.file();
    this.raw = parts.raw();
    this.limit = memory.byteSize();
    this.force = parts.force();
  }

  @Override
  final Granularity granularity() {
    return granularity;
  }

  @Override
  final boolean mayHaveHoles() {
    return mayHaveHoles;
  }

  @Override
  final NativeFile reopen(boolean writable) throws IOException {
    if (file == null) {
      return super.reopen(writable);
    }
    return NativeFile.open(
        file.file().reopenable(), writable ? NativeFile.O_RDWR : NativeFile.O_RDONLY);
  }

  @Override
  final void flush(long offset, long length) {
    call(Call.FLUSH, offset, length, null, Caching.AUTO, (byte) 0);
  }

  /** Waits for flushes. A fence touches no memory of the mapping, so that no use is counted. */
  @Override
  final void drain() {
    try {
      guard.requireOpen();
    } catch (InternalError fault) {
      throw earlierFault(DRAIN, 0, memory.byteSize(), fault);
    }
    if (file != null) {
      file.check(DRAIN, path, fileOffset, memory.byteSize());
    }
    if (granularity != Granularity.PAGE) {
      drainLines();
    }
  }

  @Override
  final void persist(long offset, long length) {
    if (PmemEvents.observesPersists()) {
      PmemEvents.persist(
          path,
          fileOffset + offset,
          length,
          () -> call(Call.PERSIST, offset, length, null, Caching.AUTO, (byte) 0));
    } else {
      call(Call.PERSIST, offset, length, null, Caching.AUTO, (byte) 0);
    }
  }

  @Override
  final void deepPersist(long offset, long length) {
    PmemEvents.deepPersist(
        path,
        fileOffset + offset,
        length,
        () -> call(Call.DEEP_PERSIST, offset, length, null, Caching.AUTO, (byte) 0));
  }

  @Override
  final void write(long offset, MemorySegment source, Caching how) {
    call(Call.WRITE, offset, source.byteSize(), source, how, (byte) 0);
  }

  @Override
  final void writeFill(long offset, long length, byte value, Caching how) {
    call(Call.WRITE_FILL, offset, length, null, how, value);
  }

  /**
   * Makes a call under the guard. From {@code enter} to the {@code try} and after {@code exit}
   * there is no call that could overflow the stack.
   */
  // The ticket belongs to this thread; only an overflow of the stack is thrown in the finally.
  @SuppressWarnings({"NonAtomicVolatileUpdate", "Finally"})
  private void call(
      Call call,
      long offset,
      long length,
      @Nullable MemorySegment source,
      Caching how,
      byte value) {
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException(path + " is mapped read-only");
    }
    UseGuard.Stripe use;
    try {
      use = guard.enter();
    } catch (InternalError fault) {
      throw earlierFault(call.operation, offset, length, fault);
    }
    try {
      if (file != null) {
        file.check(call.operation, path, fileOffset + offset, length);
      }
      if (length > limit - offset) {
        throw PmemMediaException.revoked(call.operation, path, fileOffset + offset, length);
      }
      perform(call, offset, length, source, how, value);
    } finally {
      try {
        guard.exit(use);
      } catch (StackOverflowError overflow) {
        use.uses--;
        throw overflow;
      }
    }
  }

  private void perform(
      Call call,
      long offset,
      long length,
      @Nullable MemorySegment source,
      Caching how,
      byte value) {
    switch (call) {
      case FLUSH -> {
        if (granularity == Granularity.PAGE) {
          msync(call, offset, length);
        } else {
          flushLines(offset, length);
        }
      }
      case PERSIST -> {
        if (granularity == Granularity.PAGE) {
          msync(call, offset, length);
        } else {
          persistLines(offset, length);
        }
      }
      case DEEP_PERSIST -> deepPersistGuarded(call, offset, length);
      case WRITE -> {
        MemorySegment from = Objects.requireNonNull(source);
        if (granularity == Granularity.PAGE || !writeLines(offset, from, how)) {
          copyInJava(offset, from);
          perform(Call.FLUSH, offset, length, null, how, value);
        }
      }
      case WRITE_FILL -> {
        if (granularity == Granularity.PAGE || !fillLines(offset, length, value, how)) {
          fillInJava(offset, length, value);
          perform(Call.FLUSH, offset, length, null, how, value);
        }
      }
    }
  }

  /** Starts to write cache lines back; called under the guard. */
  abstract void flushLines(long offset, long length);

  /** Waits for the cache lines that this thread writes back; touches no memory of the mapping. */
  abstract void drainLines();

  /** Writes cache lines back and waits for them; called under the guard. */
  abstract void persistLines(long offset, long length);

  /** Reaches the smallest failure domain after {@link #persistLines}; called under the guard. */
  abstract void deepPersistLines(long offset, long length) throws IOException;

  /**
   * Copies and flushes by native code; called under the guard. Returns false, and has done nothing,
   * if Java has to copy.
   */
  boolean writeLines(long offset, MemorySegment source, Caching how) {
    return false;
  }

  /** Fills and flushes with one value, as {@link #writeLines} copies. */
  boolean fillLines(long offset, long length, byte value, Caching how) {
    return false;
  }

  private void copyInJava(long offset, MemorySegment source) {
    long length = source.byteSize();
    try {
      MemorySegment.copy(source, 0, memory, offset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw PmemMediaException.ofCopy(
          "write",
          path,
          fileOffset + offset,
          length,
          MappedRanges.isTrusted(source),
          MediaFault.checked(fault));
    }
  }

  private void fillInJava(long offset, long length, byte value) {
    try {
      memory.asSlice(offset, length).fill(value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw PmemMediaException.at(
          "write", path, fileOffset + offset, length, MediaFault.checked(fault));
    }
  }

  private PmemMediaException earlierFault(
      String operation, long offset, long length, InternalError fault) {
    return PmemMediaException.before(
        operation, path, fileOffset + offset, length, MediaFault.checked(fault));
  }

  private void deepPersistGuarded(Call call, long offset, long length) {
    if (granularity == Granularity.PAGE) {
      msync(call, offset, length);
    } else {
      persistLines(offset, length);
    }
    try {
      if (granularity == Granularity.PAGE) {
        syncFile(); // msync leaves out what fdatasync leaves out
      } else {
        deepPersistLines(offset, length);
      }
      if (file != null) {
        makeNameDurable(call, file, offset, length);
      }
    } catch (IOException reason) {
      throw failed(call, reason, offset, length);
    }
  }

  /** Syncs the folder: a power cut loses a name that was never synced, and its file. */
  private void makeNameDurable(Call call, BackingFile named, long offset, long length)
      throws IOException {
    if (named.file().status().links() == 0) {
      throw failure(
          call.operation, 0, "the file has no name any more: it was removed", offset, length);
    }
    Path folder;
    try {
      folder = RegionMapper.folder(named.nameOr(path));
    } catch (NoSuchFileException movedAway) {
      throw failure(call.operation, 0, "the file was renamed or moved away", offset, length);
    }
    NewFile.syncFolder(folder, named.file());
  }

  /** Calls fsync(2), which makes the driver empty its queues. */
  final void syncFile() throws IOException {
    if (file != null) {
      NewFile.sync(file.file());
    }
  }

  /** Returns a range as the JDK has mapped it. */
  final MemorySegment forced(long offset, long length) {
    return raw.forced(offset, length);
  }

  private void msync(Call call, long offset, long length) {
    BackingFile synced = Objects.requireNonNull(file);
    boolean others;
    synced.beginSync();
    try {
      force.force(raw, offset, length);
    } catch (UncheckedIOException reason) {
      throw failed(call, reason.getCause() == null ? reason : reason.getCause(), offset, length);
    } finally {
      others = synced.endSync();
    }
    if (others) {
      synced.checkOtherSyncs(call.operation, path, fileOffset + offset, length);
    } else {
      synced.check(call.operation, path, fileOffset + offset, length);
    }
    checkLength(call, synced, offset, length);
  }

  /**
   * Takes the pages past an offset in the file out of the memory, for good. Native code never
   * touches them: it works under the guard, after a look at the limit.
   *
   * @throws FileSystemException if native code may be at work and this thread cannot wait for it
   */
  final void revokeFrom(long fileEnd) throws IOException {
    long before = limit;
    long end = Math.max(0, fileEnd - fileOffset);
    if (end >= before) {
      return;
    }
    limit = end;
    if (granularity != Granularity.PAGE && !guard.awaitUses()) {
      limit = before;
      throw new FileSystemException(
          path.toString(),
          null,
          "the region at " + fileOffset + " is in use, or is another thread's; close it first");
    }
    raw.revoke(end, memory.isReadOnly());
  }

  /** Fails the file for good; returns the exception to throw. */
  final PmemException failed(Call call, Exception reason, long offset, long length) {
    String said = Objects.toString(reason.getMessage(), reason.toString());
    PmemException failure = failure(call.operation, 0, said, offset, length);
    failure.initCause(reason);
    return failed(failure);
  }

  final PmemException failed(PmemException failure) {
    return file == null ? failure : file.fail(failure);
  }

  /**
   * Throws unless the file still has the range: msync succeeds for a page that another process has
   * truncated. A load answers most often.
   */
  private void checkLength(Call call, BackingFile synced, long offset, long length) {
    if (raw.reaches(offset + length, fileOffset)) {
      return;
    }
    long now;
    try {
      now = synced.length();
    } catch (IOException reason) {
      PmemException failure = failure(call.operation, 0, "length: " + reason, offset, length);
      failure.initCause(reason);
      throw failure;
    }
    if (now < fileOffset + offset + length) {
      throw failure(
          call.operation, 0, "the file was truncated to " + now + " bytes", offset, length);
    }
  }
}
