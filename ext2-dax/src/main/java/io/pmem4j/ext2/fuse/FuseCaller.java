// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.ext2.Credentials;

/**
 * The identity whose request a thread serves. The kernel judges permissions itself; the reserved
 * blocks it leaves to the file system. What it writes back on its own behalf comes from root.
 */
public final class FuseCaller {
  private static final ThreadLocal<Credentials> CALLER =
      ThreadLocal.withInitial(() -> Credentials.ROOT);

  private FuseCaller() {}

  /**
   * Returns the identity on whose behalf the calling thread takes blocks; root outside requests.
   */
  public static Credentials current() {
    return CALLER.get();
  }

  static void set(FuseRequest request) {
    CALLER.set(
        request.uid() == 0 ? Credentials.ROOT : Credentials.user(request.uid(), request.gid()));
  }
}
