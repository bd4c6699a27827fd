// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A position of a task in the code.
 *
 * @param call the method of a lock, as the kernel spells it: {@code down_read}, {@code mutex_lock};
 *     empty where there is none
 * @param methods the methods that called it, the innermost first, as {@code Inner.method <
 *     Outer.method}
 */
public record CallSite(String call, String methods) {
  /** The call site of steps that are not annotated. */
  public static final CallSite UNKNOWN = new CallSite("", "");

  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final String LOCKS = "io.pmem4j.sched.";

  /**
   * Returns the call site of the calling thread, or continuation.
   *
   * @param named see {@link Explorer#annotate}
   * @param most the limit of methods
   */
  static CallSite here(Predicate<String> named, int most) {
    List<StackFrame> frames = WALKER.walk(all -> all.toList());
    String call =
        frames.stream()
            .filter(frame -> frame.getClassName().startsWith(LOCKS))
            .findFirst()
            .map(CallSite::kernelName)
            .orElse("");
    String methods =
        frames.stream()
            .filter(frame -> isNamed(frame.getClassName(), named))
            .map(CallSite::name)
            .distinct()
            .limit(most)
            .collect(Collectors.joining(" < "));
    return new CallSite(call, methods);
  }

  private static String kernelName(StackFrame frame) {
    String method = frame.getMethodName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    return frame.getClassName().endsWith(".Mutex") ? "mutex_" + method : method;
  }

  private static boolean isNamed(String type, Predicate<String> named) {
    return !type.startsWith(LOCKS)
        && !type.startsWith("io.pmem4j.explore.")
        && !type.startsWith("java.")
        && !type.startsWith("jdk.")
        && named.test(type);
  }

  /** Returns {@code Type.method}; for a lambda the method that declares it. */
  private static String name(StackFrame frame) {
    String type = frame.getClassName();
    String method = frame.getMethodName();
    if (method.startsWith("lambda$")) {
      int end = method.indexOf('$', "lambda$".length());
      method = method.substring("lambda$".length(), end < 0 ? method.length() : end);
    }
    return type.substring(type.lastIndexOf('.') + 1).replace('$', '.') + "." + method;
  }
}
