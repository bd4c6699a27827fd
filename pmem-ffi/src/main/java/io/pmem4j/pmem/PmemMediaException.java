// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Signals an access without memory behind its address. The media are poisoned, a full file system
 * has no block for a hole, or another process has truncated the file.
 *
 * <p>If {@link #isPlaceCertain}, the bytes named by {@link #offset} and {@link #length} contain an
 * address without memory; others may be usable. If not, an earlier unchecked access of this thread
 * faulted, and the JVM has reported it late. The exception then names the place of the call.
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
      @Nullable InternalError fault) {
    super(operation, 0, detail, path, offset, length);
    this.placeCertain = placeCertain;
    initCause(fault);
    PmemEvents.fault(path, offset, length);
  }

  /**
   * Returns the exception of an access whose range contains the address of the fault; for memory of
   * a {@link RegionProvider} too.
   *
   * @param operation of the caller, such as {@code read}
   * @param offset the begin of the range, in bytes from the start of the file
   * @param length bytes
   * @param fault the report of the JVM, or its stand-in
   */
  public static PmemMediaException at(
      String operation, Path path, long offset, long length, InternalError fault) {
    return new PmemMediaException(
        operation, "no memory behind the address (SIGBUS)", path, offset, length, true, fault);
  }

  static PmemMediaException revoked(String operation, Path path, long offset, long length) {
    return new PmemMediaException(
        operation,
        "the range was revoked by a truncation of the file",
        path,
        offset,
        length,
        true,
        null);
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

  /** Returns true if the named range contains the address of the fault. */
  public boolean isPlaceCertain() {
    return placeCertain;
  }
}
