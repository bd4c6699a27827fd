// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * The search for the place of a fault in a part of a mapped file. The JVM reports a fault of
 * compiled code late, so the access that gets the report need not be the one that faulted. A second
 * access to the same pages decides that.
 *
 * @param path of the file
 * @param fileOffset of the first byte of the memory in the file, in bytes
 * @param memory the part; offsets are bytes from its start
 */
record AccessFaults(Path path, long fileOffset, MemorySegment memory) {

  /** Returns the exception for a load, or a copy out of the range, that got the report. */
  PmemMediaException load(long offset, long length, InternalError report) {
    InternalError fault = MediaFault.checked(report);
    long end = offset + length;
    for (long at = offset; at < end; at = nextPage(at)) {
      try {
        MediaFault.deliver(memory.get(ValueLayout.JAVA_BYTE, at));
      } catch (InternalError again) {
        return at("read", offset, length, MediaFault.checked(again));
      }
    }
    return earlier("read", offset, length, fault);
  }

  /** Returns the exception for a store, or a copy into the range, that got the report. */
  PmemMediaException store(long offset, long length, InternalError report) {
    InternalError fault = MediaFault.checked(report);
    long end = offset + length;
    for (long at = offset; at < end; at = nextPage(at)) {
      if (!NativePages.touch(memory.address() + at & -Integer.BYTES)) {
        return at("store", offset, length, fault);
      }
    }
    return earlier("store", offset, length, fault);
  }

  /** Returns the exception for a store from memory that may have faulted itself. */
  PmemMediaException copy(
      String operation, long offset, MemorySegment source, long length, InternalError report) {
    return PmemMediaException.ofCopy(
        operation,
        path,
        fileOffset + offset,
        length,
        MappedRanges.isTrusted(source),
        MediaFault.checked(report));
  }

  /**
   * Throws if an access before {@code operation} has faulted.
   *
   * @throws PmemMediaException whose place is not certain
   */
  void deliverEarlier(String operation, long offset, long length) {
    try {
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw earlier(operation, offset, length, MediaFault.checked(fault));
    }
  }

  /**
   * Throws unless the page can be stored to. An atomic update needs this check first: before it is
   * compiled the JVM does not survive its SIGBUS.
   *
   * @throws PmemMediaException if the file system has no block for it
   */
  void requireStorable(long offset) {
    if (!NativePages.touch(memory.address() + offset)) {
      throw at("store", offset, Long.BYTES, new InternalError("futex(2): no memory"));
    }
  }

  private PmemMediaException earlier(
      String operation, long offset, long length, InternalError fault) {
    return PmemMediaException.before(operation, path, fileOffset + offset, length, fault);
  }

  private PmemMediaException at(String operation, long offset, long length, InternalError fault) {
    return PmemMediaException.at(operation, path, fileOffset + offset, length, fault);
  }

  private long nextPage(long offset) {
    long page = PageWindow.PAGE_BYTES;
    return (memory.address() + offset & -page) + page - memory.address();
  }
}
