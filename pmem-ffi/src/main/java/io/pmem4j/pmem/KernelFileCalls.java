// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The kernel's calls on a regular file. */
final class KernelFileCalls implements FileCalls {
  private final BackingFile file;
  private final MapSpec spec;
  private final Backend backend;

  private KernelFileCalls(BackingFile file, MapSpec spec, Backend backend) {
    this.file = file;
    this.spec = spec;
    this.backend = backend;
  }

  /** Opens a file that exists. */
  static FileCalls open(Path path, MapSpec spec, Backend backend) throws IOException {
    BackingFile file = BackingFile.acquire(BackingFile.open(path, spec.isReadOnly()), spec);
    return new KernelFileCalls(file, spec, backend);
  }

  static FileCalls make(Path path, MapSpec spec, Backend backend) throws IOException {
    try (NewFile made = NewFile.make(path, spec, MappingParts.STANDARD.steps())) {
      BackingFile file = BackingFile.acquire(made.file, spec);
      try {
        made.publish();
        return new KernelFileCalls(file, spec, backend);
      } catch (IOException | RuntimeException | Error failure) {
        file.release(spec);
        throw failure;
      }
    }
  }

  @Override
  public long length() throws IOException {
    return file.length();
  }

  @Override
  public void allocate(Path path, long from, long to) throws IOException {
    NewFile.allocate(path, file.file(), from, to);
  }

  @Override
  public void setLength(Path path, long length) throws IOException {
    try (RandomAccessFile whole = new RandomAccessFile(file.file().reopenable().toFile(), "rw")) {
      whole.setLength(length);
    } catch (IOException reason) {
      throw NewFile.told(path, reason);
    }
  }

  @Override
  public void revokeFrom(long offset) throws IOException {
    file.revokeFrom(offset);
  }

  @Override
  public void sync() throws IOException {
    NewFile.sync(file.file());
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    NewFile.syncFolder(folder, file.file());
  }

  @Override
  public Path resolve(Path path) throws IOException {
    Path name = path.toRealPath();
    try (NativeFile found = NativeFile.open(name, NativeFile.O_RDONLY | NativeFile.O_NONBLOCK)) {
      if (!found.status().identity().equals(file.file().status().identity())) {
        throw new FileSystemException(path.toString(), null, "no longer leads to the open file");
      }
    }
    return name;
  }

  @Override
  public Path folder(Path path) throws IOException {
    return RegionMapper.folder(path);
  }

  @Override
  public boolean isSameFolder(Path one, Path other) throws IOException {
    return Files.isSameFile(one, other);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    NewFile.move(from, to);
    file.renamed(to);
  }

  @Override
  public PmemRegion map(Path path, long offset, long length, Arena arena) throws IOException {
    long before = offset % MapSpec.SLICE_ALIGNMENT;
    MapSpec part =
        (spec.isReadOnly() ? MapSpec.existing().readOnly() : MapSpec.existing())
            .require(spec.coarsest())
            .slice(offset - before, Math.addExact(length, before));
    PmemRegion region =
        new PmemRegion(
            RegionMapper.mapWithin(file, path, part, arena, backend, MappingParts.STANDARD));
    return before == 0 ? region : region.slice(before, length);
  }

  private <T> T through(Uninterrupted.Work<T> work) throws IOException {
    StandardOpenOption[] options =
        spec.isReadOnly()
            ? new StandardOpenOption[] {StandardOpenOption.READ}
            : new StandardOpenOption[] {StandardOpenOption.READ, StandardOpenOption.WRITE};
    return Uninterrupted.open(file.file().reopenable(), work, options);
  }

  @Override
  public int read(ByteBuffer target, long offset) throws IOException {
    return through(channel -> channel.read(target, offset));
  }

  @Override
  public void write(ByteBuffer source, long offset) throws IOException {
    int begun = source.position();
    through(channel -> {
      while (source.hasRemaining()) {
        channel.write(source, offset + source.position() - begun);
      }
      return 0;
    });
  }

  @Override
  public boolean lockAlone() throws IOException {
    return file.lockAlone();
  }

  @Override
  public void shareLock() throws IOException {
    file.shareLock();
  }

  @Override
  public void check(String operation, Path path, long offset, long length) {
    file.check(operation, path, offset, length);
  }

  @Override
  public PmemException fail(PmemException reason) {
    return file.fail(reason);
  }

  @Override
  public void release() {
    file.release(spec);
  }
}
