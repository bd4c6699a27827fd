// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The functions that {@code jni.c} exports. */
final class NativeCore {
  private NativeCore() {}

  /** A new operation core without files or mappings; to be destroyed. */
  static native long create() throws IOException;

  /** Closes the files and unmaps the mappings of a core, and frees it. */
  static native void destroy(long core);

  /** Runs an encoded request; never two at once on one core. */
  static native byte[] run(long core, byte[] payload);

  /** Starts the child: its pid in the upper 32 bits, our end of its socket in the lower. */
  static native long spawn(String executable) throws IOException;

  /** Sends a request and waits for the reply; null when it did not come in time. */
  static native byte @Nullable [] exchange(int channel, byte[] payload, long millis)
      throws IOException;

  /** Closes our end and reaps the child, killing it after the time; its wait status. */
  static native int end(int pid, int channel, long millis);
}
