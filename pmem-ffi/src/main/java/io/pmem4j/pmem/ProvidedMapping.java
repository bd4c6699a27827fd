// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/** A mapping over memory of a {@link RegionProvider}, which does all the work. */
final class ProvidedMapping extends Mapping {
  private final PersistentMemory provided;

  ProvidedMapping(Path path, long fileOffset, PersistentMemory provided) {
    super(path, fileOffset, provided.segment());
    this.provided = provided;
  }

  @Override
  Backend backend() {
    return Backend.JDK;
  }

  @Override
  Granularity granularity() {
    return provided.granularity();
  }

  @Override
  String domain() {
    return "simulated by " + provided.getClass().getSimpleName();
  }

  @Override
  void flush(long offset, long length) {
    provided.flush(offset, length);
  }

  @Override
  void drain() {
    provided.drain();
  }

  @Override
  void persist(long offset, long length) {
    provided.persist(offset, length);
  }

  @Override
  void deepPersist(long offset, long length) {
    provided.deepPersist(offset, length);
  }
}
