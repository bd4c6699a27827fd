// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.io.IOException;

/**
 * An operation that the file system refused, with the error number that the kernel gives for it.
 * The message is one line and names what was refused.
 */
public class Ext2Exception extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /** A refusal with its number and one line of context. */
  public Ext2Exception(Errno errno, String message) {
    super(errno + ": " + message);
    this.errno = errno;
  }

  /** The number that the system call would have set. */
  public final Errno errno() {
    return errno;
  }
}
