// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;

/**
 * System calls, and guarded loads and stores, from this JVM. A load or store that raises SIGBUS or
 * SIGSEGV answers with the signal, its code and its address; the same signals anywhere else in the
 * process still reach the JVM's handlers, which are displaced only while a guarded access is under
 * way and are called for every fault that is not its own. So implicit null checks, stack overflow,
 * safepoint polls and mapped byte buffers of other threads work on beside it.
 *
 * <p>A native call that waits (msync of a slow device, a task parked in the kernel) holds no lock
 * of the JVM and delays no safepoint.
 *
 * <p>Thread-safe: operations of one bridge run one at a time, those of different bridges at once.
 */
public final class KernelBridge implements OperationCore {
  private long core;

  private KernelBridge(long core) {
    this.core = core;
  }

  /**
   * A bridge without files or mappings.
   *
   * @throws IOException if the native library cannot be had here
   */
  public static KernelBridge open() throws IOException {
    try {
      NativeFiles.Loaded.ensure();
    } catch (LinkageError e) {
      throw new IOException("kernel bridge: " + e.getMessage(), e);
    }
    return new KernelBridge(NativeCore.create());
  }

  /**
   * Runs one operation.
   *
   * @throws IllegalStateException after {@link #close}
   */
  @Override
  public synchronized Response run(Request request) throws IOException {
    if (core == 0) {
      throw new IllegalStateException("the bridge is closed");
    }
    return Response.decode(NativeCore.run(core, request.encode()));
  }

  @Override
  public synchronized void close() {
    if (core != 0) {
      NativeCore.destroy(core);
      core = 0;
    }
  }
}
