// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/**
 * Signals memory that could not be made durable, or mapped. It is unchecked, because a store path
 * deep inside a data structure can only unwind. {@link Pmem#map}, whose callers can react, throws
 * the usual checked {@link java.nio.file.FileSystemException}s. Their cause is a {@code
 * PmemException} if a native call failed.
 */
public class PmemException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final int errno;
  private final String detail;
  private final String path;
  private final long offset;
  private final long length;

  /**
   * Makes an exception; for memory of a {@link RegionProvider}.
   *
   * @param errno 0 if no native call failed
   * @param offset the begin of the range, in bytes from the start of the file
   * @param length bytes
   */
  protected PmemException(
      String operation, int errno, String detail, Path path, long offset, long length) {
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

  /** Returns the operation that failed, such as {@code persist}, {@code map}, {@code read}. */
  public String operation() {
    return operation;
  }

  /** Returns the errno of the native call, or 0 if none failed or the JDK hides it. */
  public int errno() {
    return errno;
  }

  /** Returns the message of libpmem, the JDK or this library. */
  public String detail() {
    return detail;
  }

  /** Returns the path of the file or device. */
  public Path path() {
    return Path.of(path);
  }

  /** Returns the begin of the range, in bytes from the start of the file. */
  public long offset() {
    return offset;
  }

  /** Returns the length of the range, in bytes. */
  public long length() {
    return length;
  }
}
