// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/**
 * Runs another main class, and ends this JVM when its parent has ended, also by a kill. Arguments:
 * the process id of the parent, the class, its arguments.
 */
final class WatchedMain {
  private WatchedMain() {}

  public static void main(String[] arguments) throws Throwable {
    ProcessHandle.of(Long.parseLong(arguments[0]))
        .ifPresentOrElse(parent -> parent.onExit().thenRun(WatchedMain::end), WatchedMain::end);
    Method main = Class.forName(arguments[1]).getDeclaredMethod("main", String[].class);
    main.setAccessible(true);
    try {
      main.invoke(null, (Object) Arrays.copyOfRange(arguments, 2, arguments.length));
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    }
  }

  private static void end() {
    System.err.println("the parent has ended");
    Runtime.getRuntime().halt(1);
  }
}
