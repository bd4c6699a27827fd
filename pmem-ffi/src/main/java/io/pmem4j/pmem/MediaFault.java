// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * The delivery of SIGBUS faults as exceptions.
 *
 * <p>On SIGBUS the JVM lets compiled code run on after the faulting access. It throws its {@link
 * InternalError} at the next safepoint poll, which may lie far outside the {@code try} around the
 * access: inlined code has no poll where its methods return.
 */
final class MediaFault {
  private MediaFault() {}

  /**
   * Throws the error of an earlier faulting access of this thread, if there is one. Costs as much
   * as {@link Safepoint#poll}.
   */
  static void deliver() {
    Safepoint.poll();
  }

  /**
   * Throws the error of a load if it has faulted. The poll depends on the loaded value, so that the
   * compiler cannot drop a load whose value is not used.
   */
  static void deliver(long loaded) {
    Safepoint.poll(loaded);
  }

  /** Returns true if the error is the JVM's report of a fault in mapped memory. */
  static boolean is(InternalError error) {
    String message = error.getMessage();
    return message != null && message.contains("fault occurred in");
  }

  /** Returns the report of a fault in mapped memory; throws any other error. */
  static InternalError checked(InternalError error) {
    if (!is(error)) {
      throw error;
    }
    return error;
  }
}
