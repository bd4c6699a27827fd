// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/**
 * Memory could not be made durable, or mapped. Unchecked, because it comes out of {@code persist}:
 * a store path deep inside a data structure can do nothing about it but unwind, and a checked
 * exception there would only be wrapped. {@link Pmem#map}, where callers do choose what to do next,
 * throws the usual checked {@link java.nio.file.FileSystemException}s, with one of these as cause
 * when a native call failed.
 */
public class PmemException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final int errno;
  private final String detail;
  private final String path;
  private final long offset;
  private final long length;

  PmemException(String operation, int errno, String detail, Path path, long offset, long length) {
    super(
        operation
            + " "
            + path
            + " ["
            + offset
            + ", +"
            + length
            + "): "
            + detail
            + (errno == 0 ? "" : " (errno " + errno + ")"));
    this.operation = operation;
    this.errno = errno;
    this.detail = detail;
    this.path = path.toString();
    this.offset = offset;
    this.length = length;
  }

  /** What was attempted, such as {@code persist}, {@code map}, {@code read}. */
  public String operation() {
    return operation;
  }

  /** The errno of the native call, or 0 if none failed or the JDK does not tell. */
  public int errno() {
    return errno;
  }

  /** What libpmem, the JDK or the check here said. */
  public String detail() {
    return detail;
  }

  /** The file or device. */
  public Path path() {
    return Path.of(path);
  }

  /** Where the range begins, in bytes from the start of the file. */
  public long offset() {
    return offset;
  }

  /** How long the range is, in bytes. */
  public long length() {
    return length;
  }
}
