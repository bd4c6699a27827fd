// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;

/** The permission to call native code, which a JVM can deny. */
final class NativeAccess {
  private NativeAccess() {}

  /**
   * Throws if this library may not call native code.
   *
   * @throws UnsupportedOperationException with the flag that allows it
   */
  static void check() {
    Module module = NativeAccess.class.getModule();
    try {
      MemorySegment _ = MemorySegment.NULL.reinterpret(0);
    } catch (IllegalCallerException denied) {
      throw new UnsupportedOperationException(denial(module), denied);
    }
  }

  static String denial(Module module) {
    return "native access is denied: start the JVM with --enable-native-access="
        + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }
}
