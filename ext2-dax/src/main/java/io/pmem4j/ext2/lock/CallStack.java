// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import java.util.List;
import java.util.Set;

/**
 * The place where a lock was taken: the frames of this project, innermost first. It is taken at
 * each new edge and read only for a report, so it becomes words only then. Immutable.
 */
final class CallStack {
  private static final int FRAMES = 24;
  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final String PROJECT = "io.pmem4j.";
  private static final Set<String> OWN_CLASSES =
      Set.of(
          CallStack.class.getName(),
          LockValidator.class.getName(),
          OrderedMutex.class.getName(),
          OrderedRwSemaphore.class.getName());

  private final List<StackWalker.StackFrame> frames;

  private CallStack(List<StackWalker.StackFrame> frames) {
    this.frames = frames;
  }

  /** Returns the stack of the calling task. */
  static CallStack here() {
    return new CallStack(
        WALKER.walk(frames ->
            frames
                .filter(frame -> frame.getClassName().startsWith(PROJECT))
                .dropWhile(frame -> OWN_CLASSES.contains(frame.getClassName()))
                .limit(FRAMES)
                .toList()));
  }

  /** {@code class.method(file:line)}, a line each. */
  List<String> lines() {
    return frames.stream()
        .map(StackWalker.StackFrame::toStackTraceElement)
        .map(at ->
            "%s.%s(%s:%d)"
                .formatted(
                    at.getClassName(), at.getMethodName(), at.getFileName(), at.getLineNumber()))
        .toList();
  }
}
