// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Where a task is, in words. */
final class CallSite {
  private static final StackWalker WALKER = StackWalker.getInstance();

  private CallSite() {}

  /**
   * The innermost methods of the calling thread, or continuation, as {@code Inner.method <
   * Outer.method}.
   *
   * @param named see {@link Explorer#located}
   * @param most how many
   */
  static String methods(Predicate<String> named, int most) {
    return WALKER.walk(frames ->
        frames
            .filter(frame -> isNamed(frame.getClassName(), named))
            .map(CallSite::name)
            .distinct()
            .limit(most)
            .collect(Collectors.joining(" < ")));
  }

  private static boolean isNamed(String type, Predicate<String> named) {
    return !type.startsWith("io.pmem4j.sched.")
        && !type.startsWith("io.pmem4j.explore.")
        && !type.startsWith("java.")
        && !type.startsWith("jdk.")
        && named.test(type);
  }

  /** {@code Type.method}, also for what is a lambda in it. */
  private static String name(StackWalker.StackFrame frame) {
    String type = frame.getClassName();
    String method = frame.getMethodName();
    if (method.startsWith("lambda$")) {
      int end = method.indexOf('$', "lambda$".length());
      method = method.substring("lambda$".length(), end < 0 ? method.length() : end);
    }
    return type.substring(type.lastIndexOf('.') + 1).replace('$', '.') + "." + method;
  }
}
