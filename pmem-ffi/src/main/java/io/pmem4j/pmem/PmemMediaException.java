// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/**
 * An access found no memory behind its address: poisoned media, a hole that could not be filled
 * because the file system is full, or a file that was truncated by another process.
 *
 * <p>If {@link #isPlaceCertain} the bytes named by {@link #offset} and {@link #length} hold an
 * address without memory; others may be usable. If not, the fault belongs to an access that this
 * thread made before the call, around {@link PmemRegion}: the JVM tells of those late. Then the
 * place of the call is named.
 */
public final class PmemMediaException extends PmemException {
  private static final long serialVersionUID = 1;

  private final boolean placeCertain;

  private PmemMediaException(
      String operation,
      String detail,
      Path path,
      long offset,
      long length,
      boolean placeCertain,
      InternalError fault) {
    super(operation, 0, detail, path, offset, length);
    this.placeCertain = placeCertain;
    initCause(fault);
  }

  static PmemMediaException at(
      String operation, Path path, long offset, long length, InternalError fault) {
    return new PmemMediaException(
        operation, "no memory behind the address (SIGBUS)", path, offset, length, true, fault);
  }

  static PmemMediaException before(
      String operation, Path path, long offset, long length, InternalError fault) {
    return new PmemMediaException(
        operation,
        "an earlier unchecked access of this thread found no memory behind its address (SIGBUS);"
            + " its place is not known",
        path,
        offset,
        length,
        false,
        fault);
  }

  static PmemMediaException ofCopy(
      String operation,
      Path path,
      long offset,
      long length,
      boolean sourceIsTrusted,
      InternalError fault) {
    return sourceIsTrusted
        ? at(operation, path, offset, length, fault)
        : new PmemMediaException(
            operation,
            "no memory behind an address of the range or of the source (SIGBUS)",
            path,
            offset,
            length,
            false,
            fault);
  }

  /** Returns whether the range named holds the address of the fault. */
  public boolean isPlaceCertain() {
    return placeCertain;
  }
}
