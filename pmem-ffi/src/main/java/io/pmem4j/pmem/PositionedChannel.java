// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;

/**
 * The methods of a {@link FileChannel} that follow from reads and writes at a position. Transfers
 * go through a buffer on the heap, because a channel that writes from mapped memory can end the
 * JVM.
 */
abstract class PositionedChannel extends FileChannel {
  private static final int TRANSFER_BYTES = 64 << 10;

  final Object positionLock = new Object();
  private long position; // guarded by positionLock

  final void checkOpen() throws ClosedChannelException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
  }

  /** Throws if the channel is closed or read-only. */
  abstract void checkWritable() throws ClosedChannelException;

  @Override
  public int read(ByteBuffer target) throws IOException {
    synchronized (positionLock) {
      int read = read(target, position);
      position += Math.max(0, read);
      return read;
    }
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    synchronized (positionLock) {
      int written = write(source, position);
      position += written;
      return written;
    }
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, targets.length);
    long sum = 0;
    for (int i = offset; i < offset + length; i++) {
      int wanted = targets[i].remaining();
      int read = read(targets[i]);
      if (read < 0) {
        return sum == 0 ? -1 : sum;
      }
      sum += read;
      if (read < wanted) {
        break;
      }
    }
    return sum;
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, sources.length);
    long sum = 0;
    for (int i = offset; i < offset + length; i++) {
      sum += write(sources[i]);
    }
    return sum;
  }

  @Override
  public long position() throws IOException {
    checkOpen();
    synchronized (positionLock) {
      return position;
    }
  }

  @Override
  public FileChannel position(long newPosition) throws IOException {
    checkOpen();
    if (newPosition < 0) {
      throw new IllegalArgumentException("position " + newPosition);
    }
    synchronized (positionLock) {
      position = newPosition;
    }
    return this;
  }

  @Override
  public long transferTo(long offset, long count, WritableByteChannel target) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(TRANSFER_BYTES, count));
    long done = 0;
    while (done < count) {
      piece.clear().limit((int) Math.min(piece.capacity(), count - done));
      if (read(piece, offset + done) <= 0) {
        break;
      }
      int wanted = piece.flip().remaining();
      int written = target.write(piece);
      done += written;
      if (written < wanted) {
        break;
      }
    }
    return done;
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long offset, long count) throws IOException {
    checkWritable();
    if (offset < 0 || count < 0) {
      throw new IllegalArgumentException("position " + offset + ", count " + count);
    }
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(TRANSFER_BYTES, count));
    long done = 0;
    while (done < count) {
      piece.clear().limit((int) Math.min(piece.capacity(), count - done));
      if (source.read(piece) <= 0) {
        break;
      }
      done += write(piece.flip(), offset + done);
    }
    return done;
  }

  /** Not supported: {@link PmemFile#region} maps. */
  @Override
  public MappedByteBuffer map(MapMode mode, long offset, long size) {
    throw new UnsupportedOperationException("use PmemFile.region");
  }
}
