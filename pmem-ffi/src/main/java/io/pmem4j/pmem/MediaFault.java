// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * Makes the JVM say at once that a load found no memory.
 *
 * <p>On SIGBUS the JVM lets compiled code run on behind the faulting load and throws its {@link
 * InternalError} at the next safepoint poll, which may lie far outside the {@code try} around the
 * load: inlined code has no poll where its methods return. A native method is never inlined, and
 * the way back from it is a poll.
 */
final class MediaFault {
  private static final Object NOTHING = new Object();

  private MediaFault() {}

  /**
   * Throws the error of a faulting access that this thread has made before the call, if any. Costs
   * about 30 ns.
   */
  static void deliver() {
    // The cheapest native method that is no intrinsic and touches nothing. Its answer is false.
    if (Thread.holdsLock(NOTHING)) {
      throw new AssertionError();
    }
  }

  /** Whether this is the JVM's error for a fault in mapped memory, and not some other one. */
  static boolean is(InternalError error) {
    String message = error.getMessage();
    return message != null && message.contains("fault occurred in");
  }
}
