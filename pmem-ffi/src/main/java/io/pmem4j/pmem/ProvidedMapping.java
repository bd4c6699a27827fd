// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A mapping over memory of a {@link RegionProvider}, which does all the work. It does not ask for
 * the provider's segment: a provider may observe loads, and those of a segment it cannot.
 */
final class ProvidedMapping extends Mapping {
  private final PersistentMemory provided;

  ProvidedMapping(Path path, long fileOffset, PersistentMemory provided) {
    super(path, fileOffset, MemorySegment.NULL);
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
