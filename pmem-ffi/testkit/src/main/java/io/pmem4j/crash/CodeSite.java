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
 * @param file name of the source file, without a folder
 * @param line number of the line; 0 if the class has no line numbers
 */
public record CodeSite(String type, String method, String file, int line) {
  /** The site of accesses that are recorded without one. */
  public static final CodeSite UNKNOWN = new CodeSite("", "", "?", 0);

  private static final StackWalker WALKER = StackWalker.getInstance(Option.RETAIN_CLASS_REFERENCE);

  /** Returns the innermost line on the stack that is no part of a memory. */
  static CodeSite here() {
    return WALKER.walk(
        frames -> frames.filter(CodeSite::isCaller).findFirst().map(CodeSite::of).orElse(UNKNOWN));
  }

  private static boolean isCaller(StackFrame frame) {
    Class<?> type = frame.getDeclaringClass().getNestHost();
    return !PersistentMemory.class.isAssignableFrom(type)
        && type != CodeSite.class
        && type != CrashMedium.class
        && type != SimulatedFiles.class
        && !type.getPackageName().equals("io.pmem4j.pmem");
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
    return file + ":" + line;
  }
}
