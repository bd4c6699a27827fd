// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PmemFile;
import io.pmem4j.pmem.PmemRegion;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.BaseDirectory;
import org.apache.lucene.store.BufferedIndexInput;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.OutputStreamIndexOutput;
import org.apache.lucene.store.SingleInstanceLockFactory;
import org.jspecify.annotations.Nullable;

/**
 * Lucene's files over {@link PmemFile}. An output is a channel, which stays open until it is
 * synced. An input reads a region. Names are durable when they are made.
 */
final class PmemDirectory extends BaseDirectory {
  private static final int BUFFER_BYTES = 8192;

  private final Path folder;
  private final AtomicLong temporary = new AtomicLong();

  /** The channels of files that are written and not synced. */
  private final Map<String, FileChannel> unsynced = new ConcurrentHashMap<>();

  PmemDirectory(Path folder) throws IOException {
    super(new SingleInstanceLockFactory());
    this.folder = Files.createDirectories(folder).toRealPath();
  }

  @Override
  public String[] listAll() throws IOException {
    ensureOpen();
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toArray(String[]::new);
    }
  }

  @Override
  public void deleteFile(String name) throws IOException {
    ensureOpen();
    FileChannel channel = unsynced.remove(name);
    if (channel != null) {
      channel.close();
    }
    Files.delete(folder.resolve(name));
  }

  @Override
  public long fileLength(String name) throws IOException {
    ensureOpen();
    return Files.size(folder.resolve(name));
  }

  @Override
  public IndexOutput createOutput(String name, IOContext context) throws IOException {
    ensureOpen();
    Path path = folder.resolve(name);
    if (Files.exists(path)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    FileChannel channel = PmemFile.openChannel(path, MapSpec.openOrCreateEmpty());
    unsynced.put(name, channel);
    return new OutputStreamIndexOutput(
        "PmemDirectory(" + path + ")", name, new Unclosed(channel), BUFFER_BYTES);
  }

  /** Writes to a channel, and leaves it open for the sync. */
  private static final class Unclosed extends java.io.FilterOutputStream {
    Unclosed(FileChannel channel) {
      super(Channels.newOutputStream(channel));
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() {}
  }

  @Override
  public IndexOutput createTempOutput(String prefix, String suffix, IOContext context)
      throws IOException {
    ensureOpen();
    while (true) {
      try {
        return createOutput(getTempFileName(prefix, suffix, temporary.getAndIncrement()), context);
      } catch (FileAlreadyExistsException _) {
        // An earlier writer has left it behind; the next number is tried.
      }
    }
  }

  @Override
  public void sync(Collection<String> names) throws IOException {
    ensureOpen();
    for (String name : names) {
      FileChannel channel = unsynced.remove(name);
      if (channel != null) {
        channel.force(false);
        channel.close();
      }
    }
  }

  @Override
  public void syncMetaData() {
    ensureOpen();
  }

  @Override
  public void rename(String from, String to) throws IOException {
    ensureOpen();
    try (PmemFile file = PmemFile.open(folder.resolve(from), MapSpec.existing())) {
      file.rename(folder.resolve(to));
    }
    FileChannel channel = unsynced.remove(from);
    if (channel != null) {
      unsynced.put(to, channel);
    }
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed with the input
  public IndexInput openInput(String name, IOContext context) throws IOException {
    ensureOpen();
    Path path = folder.resolve(name);
    Arena arena = Arena.ofShared();
    try (PmemFile file = PmemFile.open(path, MapSpec.existing().readOnly())) {
      long length = file.length();
      PmemRegion region = length == 0 ? null : file.region(0, length, arena);
      return new Input("PmemDirectory(" + path + ")", context, arena, region, length);
    } catch (IOException | RuntimeException | Error failure) {
      arena.close();
      throw failure;
    }
  }

  @Override
  public Set<String> getPendingDeletions() {
    return Set.of();
  }

  @Override
  public void close() throws IOException {
    isOpen = false;
    for (FileChannel channel : unsynced.values()) {
      channel.close();
    }
    unsynced.clear();
  }

  /** An input over a region; clones share it and are not closed. */
  private static final class Input extends BufferedIndexInput {
    private final Arena arena;
    private final @Nullable PmemRegion region;
    private final long length;
    private boolean isClone;

    Input(String name, IOContext context, Arena arena, @Nullable PmemRegion region, long length) {
      super(name, context);
      this.arena = arena;
      this.region = region;
      this.length = length;
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    protected void readInternal(ByteBuffer target) throws IOException {
      long offset = getFilePointer();
      if (region == null || offset + target.remaining() > length) {
        throw new EOFException("read past EOF: " + this);
      }
      try {
        region.read(offset, target);
      } catch (IllegalStateException closed) {
        throw new AlreadyClosedException("already closed: " + this, closed);
      }
    }

    @Override
    protected void seekInternal(long position) throws IOException {
      if (position > length) {
        throw new EOFException("seek past EOF: " + this);
      }
    }

    @Override
    public Input clone() {
      Input copy = (Input) super.clone();
      copy.isClone = true;
      return copy;
    }

    @Override
    public void close() {
      if (!isClone && arena.scope().isAlive()) {
        arena.close();
      }
    }
  }
}
