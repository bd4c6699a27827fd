// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import io.pmem4j.harness.program.ImageShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A file that backs an NVDIMM. The first 2 MiB hold the info block of the fsdax namespace, which
 * belongs to the kernel. The file system starts at 2 MiB and may end before the end of the file.
 */
public record FsImage(Path path) {
  /** The offset of block 0 of the file system, in bytes. */
  public static final long OFFSET_BYTES = ImageShape.FS_OFFSET_BYTES;

  /** Length of the whole file, bytes. */
  public static final long FILE_BYTES = ImageShape.MAX_BYTES;

  /** Most that a file system in it can have, bytes. */
  public static final long FS_BYTES = FILE_BYTES - OFFSET_BYTES;

  /**
   * Replaces bytes of the file system.
   *
   * @param file the file of an image, open for writing
   * @param page where they begin, of {@link ImageContent#PAGE_BYTES}
   */
  public static void write(FileChannel file, int page, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long at = OFFSET_BYTES + (long) page * ImageContent.PAGE_BYTES;
    while (buffer.hasRemaining()) {
      at += file.write(buffer, at);
    }
  }

  /** As e2fsprogs name it. */
  public String forE2fsprogs() {
    return path + "?offset=" + OFFSET_BYTES;
  }
}
