// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that backs an NVDIMM. The first 2 MiB hold the info block of the fsdax namespace; the file
 * system starts behind it.
 */
public record FsImage(Path path) {
  /** Where block 0 of the file system lies, bytes. */
  public static final long OFFSET_BYTES = 2L << 20;

  /** Length of the whole file, bytes. */
  public static final long FILE_BYTES = 64L << 20;

  /** Length of the file system, bytes. */
  public static final long FS_BYTES = FILE_BYTES - OFFSET_BYTES;

  /** As e2fsprogs name it. */
  public String forE2fsprogs() {
    return path + "?offset=" + OFFSET_BYTES;
  }

  /**
   * Overwrites the file system in this file with that of another one. The info block stays: it is
   * the kernel's.
   */
  void restoreFrom(FsImage pristine) throws IOException {
    try (FileChannel from = FileChannel.open(pristine.path, StandardOpenOption.READ);
        FileChannel to = FileChannel.open(path, StandardOpenOption.WRITE)) {
      long done = 0;
      to.position(OFFSET_BYTES);
      while (done < FS_BYTES) {
        long now = from.transferTo(OFFSET_BYTES + done, FS_BYTES - done, to);
        if (now <= 0) {
          throw new IOException(pristine.path + " is shorter than " + FILE_BYTES + " bytes");
        }
        done += now;
      }
    }
  }
}
