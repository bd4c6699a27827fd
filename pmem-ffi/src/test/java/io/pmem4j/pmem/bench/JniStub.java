// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

/** pmem_persist(3) by JNI: the older way to call it. */
final class JniStub {
  private JniStub() {}

  static native void persist(long address, long length);
}
