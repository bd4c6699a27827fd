// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;

/**
 * A mapping by the JDK alone. {@code READ_WRITE_SYNC} is tried first. The kernel grants it
 * (MAP_SYNC) only where written-back cache lines are durable; then {@code force} is the JDK's own
 * write-back loop. Everywhere else {@code force} is msync.
 */
final class JdkMapping extends GuardedMapping {
  JdkMapping(Parts parts) {
    super(parts);
  }

  @Override
  Backend backend() {
    return Backend.JDK;
  }

  @Override
  String domain() {
    if (memory.isReadOnly()) {
      return "mapped read-only by the JDK";
    }
    return granularity() == Granularity.CACHE_LINE
        ? "memory: cache lines written back by the JDK (MAP_SYNC)"
        : "storage: pages written by msync";
  }

  /** Does nothing: a force ends with a fence. */
  @Override
  void drainLines() {}

  @Override
  void flushLines(long offset, long length) {
    persistLines(offset, length);
  }

  @Override
  void persistLines(long offset, long length) {
    try {
      forced(offset, length).force();
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw PmemMediaException.at(
          "persist", path, fileOffset + offset, length, MediaFault.checked(fault));
    }
  }

  /** Syncs the file, because the write-back stops at the memory controller. */
  @Override
  void deepPersistLines(long offset, long length) throws IOException {
    syncFile();
  }
}
