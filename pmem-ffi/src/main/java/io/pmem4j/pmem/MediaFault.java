// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * Makes the JVM say at once that an access found no memory.
 *
 * <p>On SIGBUS the JVM lets compiled code run on behind the faulting access and throws its {@link
 * InternalError} at the next safepoint poll, which may lie far outside the {@code try} around the
 * access: inlined code has no poll where its methods return.
 */
final class MediaFault {
  private MediaFault() {}

  /**
   * Throws the error of a faulting access that this thread has made before the call, if any. Costs
   * what {@link Safepoint#poll} costs.
   */
  static void deliver() {
    Safepoint.poll();
  }

  /**
   * Throws the error of a faulting load, if it was one. The poll depends on the value, so that the
   * compiler cannot drop a load of which only the fault is of interest.
   */
  static void deliver(long loaded) {
    Safepoint.poll(loaded);
  }

  /** Returns true if this is the JVM's error for a fault in mapped memory, and not another. */
  static boolean is(InternalError error) {
    String message = error.getMessage();
    return message != null && message.contains("fault occurred in");
  }

  /** Returns the error of a fault in mapped memory; throws it if it is another. */
  static InternalError checked(InternalError error) {
    if (!is(error)) {
      throw error;
    }
    return error;
  }
}
