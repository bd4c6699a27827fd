// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;

/**
 * Work with a {@link FileChannel} in a thread that may be interrupted. An interrupt would close the
 * channel, so it is cleared first and set again at the end.
 */
final class Uninterrupted {
  private Uninterrupted() {}

  /** A use of the channel, which may be repeated. */
  interface Work<T> {
    T with(FileChannel channel) throws IOException;
  }

  static <T> T open(Path path, Work<T> work, OpenOption... options) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        interrupted |= Thread.interrupted();
        try (FileChannel channel = FileChannel.open(path, options)) {
          return work.with(channel);
        } catch (ClosedByInterruptException again) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
