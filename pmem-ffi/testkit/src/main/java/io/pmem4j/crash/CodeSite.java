// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.StackWalker.Option;
import java.lang.StackWalker.StackFrame;

/**
 * A line of the code that accessed memory.
 *
 * @param type name of the class
 * @param method name of the method
 * @param file name of the source file, without a folder; the operation that has begun, where no
 *     line is recorded
 * @param line number of the line; 0 if there is none
 */
public record CodeSite(String type, String method, String file, int line) {
  /** The site of accesses that are recorded without one. */
  public static final CodeSite UNKNOWN = new CodeSite("", "", "?", 0);

  private static final StackWalker WALKER = StackWalker.getInstance(Option.RETAIN_CLASS_REFERENCE);

  /** True for each class that is no part of a memory; the JVM answers for a nest host slowly. */
  private static final ClassValue<Boolean> CALLERS =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          Class<?> host = type.getNestHost();
          return !PersistentMemory.class.isAssignableFrom(host)
              && host != CodeSite.class
              && host != CrashMedium.class
              && host != SimulatedFiles.class
              && !host.getPackageName().equals("io.pmem4j.pmem");
        }
      };

  /** Returns the innermost line on the stack that is no part of a memory. */
  static CodeSite here() {
    return WALKER.walk(
        frames -> frames.filter(CodeSite::isCaller).findFirst().map(CodeSite::of).orElse(UNKNOWN));
  }

  static CodeSite ofOperation(String name) {
    return new CodeSite("", "", name, 0);
  }

  private static boolean isCaller(StackFrame frame) {
    return CALLERS.get(frame.getDeclaringClass());
  }

  private static CodeSite of(StackFrame frame) {
    String file = frame.getFileName();
    return new CodeSite(
        frame.getClassName(),
        frame.getMethodName(),
        file == null ? frame.getDeclaringClass().getSimpleName() : file,
        Math.max(0, frame.getLineNumber()));
  }

  @Override
  public String toString() {
    return line == 0 ? file : file + ":" + line;
  }
}
