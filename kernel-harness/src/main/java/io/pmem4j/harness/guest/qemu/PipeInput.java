// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest.qemu;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The reading end of a named pipe, opened by the first read, which blocks until a writer opens the
 * pipe. For one reader; it ends when the last writer has closed the pipe.
 */
final class PipeInput extends InputStream {
  private final Path pipe;
  private @Nullable InputStream stream;

  PipeInput(Path pipe) {
    this.pipe = pipe;
  }

  private InputStream open() throws IOException {
    InputStream opened = stream;
    if (opened == null) {
      opened = new FileInputStream(pipe.toFile());
      stream = opened;
    }
    return opened;
  }

  @Override
  public int read() throws IOException {
    return open().read();
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    return open().read(into, offset, length);
  }

  /**
   * Unblocks a reader that waits for a writer which will not come; called before the pipe is
   * removed.
   */
  static void release(Path pipe) throws IOException {
    new RandomAccessFile(pipe.toFile(), "rw").close();
  }

  @Override
  public void close() throws IOException {
    InputStream opened = stream;
    if (opened != null) {
      opened.close();
    }
  }
}
