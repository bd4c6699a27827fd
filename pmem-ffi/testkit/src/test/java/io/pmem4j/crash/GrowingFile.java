// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.ProvidedFile;
import io.pmem4j.pmem.ProvidedFiles;
import io.pmem4j.pmem.RegionProvider;
import io.pmem4j.sched.Scheduler;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;

/** One file that grows in recorded memory whose accesses are yield points of a scheduler. */
final class GrowingFile implements RegionProvider, ProvidedFiles, ProvidedFile {
  private final RecordedMemory memory;
  private long length;
  private boolean named;

  GrowingFile(long room, CrashMode mode, Scheduler scheduler) {
    this.memory = RecordedMemory.over(new HeapMemory(room, mode.granularity()), scheduler);
  }

  StoreTrace trace() {
    return memory.trace();
  }

  @Override
  public Optional<PersistentMemory> find(Path path) {
    return Optional.empty();
  }

  @Override
  public PersistentMemory create(Path path, long bytes) {
    throw new UnsupportedOperationException("a whole file only");
  }

  @Override
  public Optional<ProvidedFiles> files() {
    return Optional.of(this);
  }

  @Override
  public Optional<ProvidedFile> open(Path path) {
    return named ? Optional.of(this) : Optional.empty();
  }

  @Override
  public ProvidedFile make(Path path) {
    return this;
  }

  @Override
  public void link(ProvidedFile file, Path path) {
    named = true;
  }

  @Override
  public void move(Path from, Path to) {
    throw new UnsupportedOperationException("one name only");
  }

  @Override
  public void unlink(Path path) {
    named = false;
  }

  @Override
  public void syncFolder(Path folder) {}

  @Override
  public PersistentMemory memory() {
    return memory;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void setLength(long bytes) throws FileSystemException {
    if (bytes > memory.byteSize()) {
      throw new FileSystemException("file", null, "no room for " + bytes + " bytes");
    }
    length = bytes;
  }

  @Override
  public void sync() {}
}
