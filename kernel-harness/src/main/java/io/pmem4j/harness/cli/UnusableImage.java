// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.ext2.Ext2Exception;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** The refusal of an image that a verb cannot use. */
final class UnusableImage {
  private UnusableImage() {}

  /** Returns the refusal, which names the image and has the reason of the file system. */
  static FileSystemException of(Path image, Ext2Exception reason) {
    FileSystemException refusal =
        new FileSystemException(image.toString(), null, reason.getMessage());
    refusal.initCause(reason);
    return refusal;
  }
}
