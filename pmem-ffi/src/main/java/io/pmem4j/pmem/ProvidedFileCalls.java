// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Objects;

/** The calls on a file of {@link ProvidedFiles}, one at a time for each provider. */
final class ProvidedFileCalls implements FileCalls {
  private final Object lock;
  private final ProvidedFiles files;
  private final ProvidedFile file;
  private final ProvidedFileUse use;
  private final MapSpec spec;
  private volatile boolean released;

  /** Begins a use of a file, under the lock of its provider. */
  ProvidedFileCalls(
      Object lock, ProvidedFiles files, ProvidedFile file, ProvidedFileUse use, MapSpec spec) {
    this.lock = lock;
    this.files = files;
    this.file = file;
    this.use = use;
    this.spec = spec;
    use.add(spec, () -> !released);
  }

  /** The creation of a file by the order of steps that all files have. */
  static final class Creation extends FileCreation {
    private final ProvidedFiles files;
    private final Path path;
    private final long bytes;
    final ProvidedFile file;

    Creation(ProvidedFiles files, Path path, long bytes) throws IOException {
      super(MappingParts.STANDARD.steps());
      this.files = files;
      this.path = path;
      this.bytes = bytes;
      this.file = files.make(path);
    }

    @Override
    void allocate() throws IOException {
      file.setLength(bytes);
    }

    @Override
    void sync() throws IOException {
      file.sync();
    }

    @Override
    void giveName() throws IOException {
      files.link(file, path);
    }

    @Override
    void syncFolder() throws IOException {
      files.syncFolder(Objects.requireNonNull(path.getParent()));
    }

    @Override
    void removeName() throws IOException {
      files.unlink(path);
    }
  }

  private static Path whole(Path path) {
    return path.toAbsolutePath().normalize();
  }

  @Override
  public long length() throws IOException {
    synchronized (lock) {
      return file.length();
    }
  }

  @Override
  public void allocate(Path path, long from, long to) throws IOException {
    setLength(path, to);
  }

  @Override
  public void setLength(Path path, long length) throws IOException {
    synchronized (lock) {
      file.setLength(length);
    }
  }

  @Override
  public void revokeFrom(long offset) {
    synchronized (lock) {
      use.revokeFrom(offset);
    }
  }

  @Override
  public void sync() throws IOException {
    synchronized (lock) {
      file.sync();
    }
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    synchronized (lock) {
      files.syncFolder(folder);
    }
  }

  @Override
  public Path resolve(Path path) throws IOException {
    synchronized (lock) {
      if (!files.open(whole(path)).filter(file::equals).isPresent()) {
        throw new FileSystemException(path.toString(), null, "no longer leads to the open file");
      }
      return whole(path);
    }
  }

  @Override
  public Path folder(Path path) {
    return Objects.requireNonNull(whole(path).getParent());
  }

  @Override
  public boolean isSameFolder(Path one, Path other) {
    return one.equals(other);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    synchronized (lock) {
      files.move(from, whole(to));
    }
  }

  @Override
  public PmemRegion map(Path path, long offset, long length, Arena arena) throws IOException {
    synchronized (lock) {
      long end = Math.addExact(offset, length);
      if (length < 1 || end > file.length()) {
        throw new FileSystemException(
            path.toString(),
            null,
            "slice of " + length + " bytes at " + offset + " outside a file of " + file.length());
      }
      PersistentMemory memory = file.memory();
      Mapping.refuseIfTooCoarse(path, spec, memory.granularity());
      ProvidedRegion.Access access =
          new ProvidedRegion.Access(path, arena, spec.isReadOnly(), use.failure);
      use.add(spec, access);
      return new ProvidedRegion(path, offset, memory.slice(offset, length), access);
    }
  }

  @Override
  public int read(ByteBuffer target, long offset) throws IOException {
    synchronized (lock) {
      long rest = file.length() - offset;
      if (rest <= 0) {
        return target.hasRemaining() ? -1 : 0;
      }
      byte[] bytes = new byte[(int) Math.min(rest, target.remaining())];
      file.memory().read(offset, bytes, 0, bytes.length);
      target.put(bytes);
      return bytes.length;
    }
  }

  @Override
  public void write(ByteBuffer source, long offset) throws IOException {
    synchronized (lock) {
      byte[] bytes = new byte[source.remaining()];
      if (offset + bytes.length > file.length()) {
        file.setLength(offset + bytes.length);
      }
      source.get(bytes);
      file.memory().copy(offset, bytes, 0, bytes.length);
    }
  }

  /** There is no other process on a provider's medium. */
  @Override
  public boolean lockAlone() {
    return true;
  }

  @Override
  public void shareLock() {}

  @Override
  public void check(String operation, Path path, long offset, long length) {
    use.failure.check(operation, path, offset, length);
  }

  @Override
  public PmemException fail(PmemException reason) {
    return use.failure.fail(reason);
  }

  @Override
  public void release() {
    released = true;
  }
}
