// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A channel over a {@link PmemFile}. The front part of the file is mapped: reads and writes there
 * are checked loads and stores, and {@link #force} persists what was stored. The part behind it is
 * read and written by system calls, which report a full disk; once it is large it is mapped too.
 */
final class PmemFileChannel extends PositionedChannel {
  /** The front part is mapped anew when the file is longer by this and by a quarter. */
  private static final long UNMAPPED_BYTES = 1 << 20;

  private static final long LOCK_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** A mapped front part and what was stored to it since the last force. */
  private record Front(Arena arena, PmemRegion region, FlushBatch dirty) {}

  private final PmemFile file;
  private final boolean owner;

  /** Held for reading by each transfer, for writing while the front part is replaced. */
  private final ReentrantReadWriteLock inUse = new ReentrantReadWriteLock();

  private @Nullable Front front; // guarded by inUse

  /** The count of truncations when the front part was mapped; guarded by inUse. */
  private int truncations = -1;

  /** The length of the front part. */
  private volatile long unmappedFrom;

  /** Front parts that were replaced before they were forced; guarded by inUse. */
  private final List<Front> replaced = new ArrayList<>();

  private volatile boolean dirtyBehind;
  private @Nullable WholeFileLock held; // guarded by this

  /**
   * A channel over a file.
   *
   * @param owner true if the channel closes the file
   */
  PmemFileChannel(PmemFile file, boolean owner) {
    this.file = file;
    this.owner = owner;
  }

  @Override
  void checkWritable() throws ClosedChannelException {
    checkOpen();
    if (file.isReadOnly()) {
      throw new NonWritableChannelException();
    }
  }

  /** A transfer at a position; the front part is mapped and cannot be replaced meanwhile. */
  private interface Transfer {
    int at(long offset, ByteBuffer buffer, @Nullable Front mapped) throws IOException;
  }

  private int transfer(ByteBuffer buffer, long offset, Transfer work) throws IOException {
    if (offset < 0) {
      throw new IllegalArgumentException("position " + offset);
    }
    while (true) {
      mapIfNeeded();
      int begun = -1;
      inUse.readLock().lock();
      try {
        begun = truncations;
        checkOpen();
        return work.at(offset, buffer, front);
      } catch (PmemException failure) {
        if (begun == file.truncations()) {
          throw new IOException(failure.getMessage(), failure);
        }
        // Truncated meanwhile: the next round maps what is left.
      } finally {
        inUse.readLock().unlock();
      }
    }
  }

  private boolean isCurrent(long length) {
    return truncations == file.truncations()
        && length - unmappedFrom < Math.max(UNMAPPED_BYTES, unmappedFrom / 4);
  }

  /** Maps the front part on first use, after a truncation, and after growth. */
  private void mapIfNeeded() throws IOException {
    inUse.readLock().lock();
    try {
      if (truncations == file.truncations()) {
        return; // growth is noticed by the write that makes it
      }
    } finally {
      inUse.readLock().unlock();
    }
    mapAnew();
  }

  private void mapAnew() throws IOException {
    inUse.writeLock().lock();
    try {
      checkOpen();
      synchronized (file) { // no truncation meanwhile
        long length = file.length();
        if (!isCurrent(length)) {
          retire();
          map(length);
          truncations = file.truncations();
        }
      }
    } finally {
      inUse.writeLock().unlock();
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // closed when the part is replaced
  private void map(long length) throws IOException {
    if (length > 0) {
      Arena arena = Arena.ofShared();
      try {
        PmemRegion region = file.region(0, length, arena);
        front = new Front(arena, region, new FlushBatch(region));
      } catch (IOException | RuntimeException | Error failure) {
        arena.close();
        throw failure;
      }
    }
    unmappedFrom = length;
  }

  /** Stops using the front part. Stores past a truncation are lost, the others are kept. */
  private void retire() {
    Front old = front;
    front = null;
    unmappedFrom = 0;
    if (old == null) {
      return;
    }
    if (truncations == file.truncations()) {
      replaced.add(old);
    } else {
      dirtyBehind = true; // fsync covers what is left of it
      old.dirty().discard();
      old.arena().close();
    }
  }

  private static long mappedFrom(@Nullable Front mapped, long offset) {
    return mapped == null ? 0 : Math.max(0, mapped.region().byteSize() - offset);
  }

  private int readAt(long offset, ByteBuffer target, @Nullable Front mapped) throws IOException {
    int wanted = target.remaining();
    int limit = target.limit();
    int fast = (int) Math.min(wanted, mappedFrom(mapped, offset));
    if (fast > 0) {
      target.limit(target.position() + fast);
      try {
        Objects.requireNonNull(mapped).region().read(offset, target);
      } finally {
        target.limit(limit);
      }
    }
    if (fast == wanted) {
      return wanted;
    }
    int more = file.calls().read(target, offset + fast);
    return more < 0 ? (fast == 0 ? -1 : fast) : fast + more;
  }

  private int writeAt(long offset, ByteBuffer source, @Nullable Front mapped) throws IOException {
    int wanted = source.remaining();
    int limit = source.limit();
    int fast = (int) Math.min(wanted, mappedFrom(mapped, offset));
    if (fast > 0) {
      Front stored = Objects.requireNonNull(mapped);
      source.limit(source.position() + fast);
      try {
        stored.region().copy(offset, source);
      } finally {
        // Named afterwards: a force in between would take the range off the list too early.
        synchronized (stored) {
          stored.dirty().dirty(offset, fast);
        }
        source.limit(limit);
      }
    }
    if (fast < wanted) {
      try {
        file.calls().write(source, offset + fast);
      } finally {
        dirtyBehind = true;
      }
    }
    return wanted;
  }

  @Override
  public int read(ByteBuffer target, long offset) throws IOException {
    return transfer(target, offset, this::readAt);
  }

  @Override
  public int write(ByteBuffer source, long offset) throws IOException {
    checkWritable();
    int written = transfer(source, offset, this::writeAt);
    if (offset + written - unmappedFrom >= Math.max(UNMAPPED_BYTES, unmappedFrom / 4)) {
      mapAnew();
    }
    return written;
  }

  @Override
  public long size() throws IOException {
    checkOpen();
    return file.length();
  }

  /** The new length is durable when this method returns. */
  @Override
  public FileChannel truncate(long size) throws IOException {
    checkWritable();
    synchronized (positionLock) {
      file.truncate(size);
      position(Math.min(position(), size));
    }
    return this;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    mapIfNeeded();
    inUse.readLock().lock();
    try {
      checkOpen();
      boolean synced = dirtyBehind;
      if (synced) {
        dirtyBehind = false;
        try {
          file.sync("force", 0, file.length());
        } catch (IOException | RuntimeException failure) {
          dirtyBehind = true;
          throw failure;
        }
      }
      synchronized (replaced) {
        for (Front each : replaced) {
          commit(each);
          each.arena().close();
        }
        replaced.clear();
      }
      if (front != null) {
        commit(front);
      }
    } catch (PmemException failure) {
      throw new IOException(failure.getMessage(), failure);
    } finally {
      inUse.readLock().unlock();
    }
  }

  private static void commit(Front front) {
    synchronized (front) {
      front.dirty().commit();
    }
  }

  /** A lock of the file among processes, as flock(2). */
  private final class WholeFileLock extends FileLock {
    private volatile boolean valid = true;

    WholeFileLock(long offset, long size, boolean shared) {
      super(PmemFileChannel.this, offset, size, shared);
    }

    @Override
    public boolean isValid() {
      return valid && isOpen();
    }

    @Override
    public void release() throws IOException {
      checkOpen();
      unlock(this);
    }
  }

  private synchronized void unlock(WholeFileLock lock) throws IOException {
    if (held == lock) {
      held = null;
      lock.valid = false;
      if (!lock.isShared()) {
        file.calls().shareLock();
      }
    }
  }

  @Override
  public synchronized @Nullable FileLock tryLock(long offset, long size, boolean shared)
      throws IOException {
    if (shared) {
      checkOpen();
    } else {
      checkWritable();
    }
    if (held != null) {
      throw new OverlappingFileLockException();
    }
    if (!shared && !file.calls().lockAlone()) {
      return null;
    }
    held = new WholeFileLock(offset, size, shared);
    return held;
  }

  @Override
  public FileLock lock(long offset, long size, boolean shared) throws IOException {
    while (true) {
      FileLock lock;
      try {
        lock = tryLock(offset, size, shared);
      } catch (ClosedChannelException closed) {
        AsynchronousCloseException told = new AsynchronousCloseException();
        told.initCause(closed);
        throw told;
      }
      if (lock != null) {
        return lock;
      }
      LockSupport.parkNanos(this, LOCK_POLL_NANOS);
      if (Thread.interrupted()) {
        throw new FileLockInterruptionException();
      }
    }
  }

  /** Waits for transfers in progress. What was not forced is not durable. */
  @Override
  protected void implCloseChannel() throws IOException {
    synchronized (this) {
      if (held != null) {
        unlock(held);
      }
    }
    inUse.writeLock().lock();
    try {
      for (Front each : replaced) {
        each.arena().close();
      }
      replaced.clear();
      if (front != null) {
        front.arena().close();
        front = null;
      }
      if (owner) {
        file.close();
      }
    } finally {
      inUse.writeLock().unlock();
    }
  }
}
