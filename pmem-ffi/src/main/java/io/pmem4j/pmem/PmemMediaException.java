// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;

/**
 * A load found no memory behind its address: poisoned media, a hole that could not be filled, or a
 * file that was truncated by another process. The bytes named by {@link #offset} and {@link
 * #length} are not usable; others may be.
 */
public final class PmemMediaException extends PmemException {
  private static final long serialVersionUID = 1;

  PmemMediaException(Path path, long offset, long length, InternalError fault) {
    super("read", 0, "no memory behind the address (SIGBUS)", path, offset, length);
    initCause(fault);
  }
}
