// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The place where a lock was taken: the frames of this project, innermost first. It is taken at
 * each new edge and read only for a report, so it becomes words only then. Immutable.
 */
final class CallStack {
  private static final int FRAMES = 24;
  private static final String PROJECT = "io.pmem4j.";
  private static final Set<String> OWN_CLASSES =
      Set.of(
          CallStack.class.getName(),
          LockValidator.class.getName(),
          OrderedMutex.class.getName(),
          OrderedRwSemaphore.class.getName());

  /** Its backtrace has no object for a frame before somebody reads it. */
  private final Throwable at;

  private CallStack(Throwable at) {
    this.at = at;
  }

  /** Returns the stack of the calling task. */
  static CallStack here() {
    return new CallStack(new Throwable());
  }

  /** {@code class.method(file:line)}, a line each. */
  List<String> lines() {
    return Arrays.stream(at.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith(PROJECT))
        .dropWhile(frame -> OWN_CLASSES.contains(frame.getClassName()))
        .limit(FRAMES)
        .map(frame ->
            "%s.%s(%s:%d)"
                .formatted(
                    frame.getClassName(),
                    frame.getMethodName(),
                    frame.getFileName(),
                    frame.getLineNumber()))
        .toList();
  }
}
