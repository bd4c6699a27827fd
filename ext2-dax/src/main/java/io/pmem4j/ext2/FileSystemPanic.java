// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/**
 * An error on the medium of a file system that is mounted with {@code errors=panic}. Linux stops
 * the machine then; here the call ends, and so does every later call on that mount. Nothing more is
 * stored, also by an unmount: the image is as a power cut leaves it.
 */
public final class FileSystemPanic extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** Ends a mount because of an error. */
  public FileSystemPanic(String error) {
    super("panic from an error of the file system: " + error);
  }
}
