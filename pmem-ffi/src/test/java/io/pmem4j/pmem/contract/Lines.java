// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/** One line for each test, as it ends. A class that fails before its tests is a line as well. */
final class Lines implements TestExecutionListener {
  private final PrintStream out;
  private final Map<String, Long> begun = new ConcurrentHashMap<>();
  private int run;
  private int failed;
  private int skipped;

  Lines(PrintStream out) {
    this.out = out;
  }

  int run() {
    return run;
  }

  int failed() {
    return failed;
  }

  int skipped() {
    return skipped;
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    begun.put(test.getUniqueId(), System.nanoTime());
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    skipped++;
    out.printf("skip  %-60s %s%n", name(test), reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    long millis = (System.nanoTime() - begun.get(test.getUniqueId())) / 1_000_000;
    switch (result.getStatus()) {
      case SUCCESSFUL -> {
        if (test.isTest()) {
          run++;
          out.printf("ok    %-60s %d ms%n", name(test), millis);
        }
      }
      case ABORTED -> {
        skipped++;
        out.printf("skip  %-60s %s%n", name(test), firstLine(result));
      }
      case FAILED -> {
        run++;
        failed++;
        out.printf("FAIL  %-60s %d ms: %s%n", name(test), millis, firstLine(result));
        result.getThrowable().ifPresent(this::where);
      }
    }
  }

  /** All of the message, the causes, and the way through our own code. */
  private void where(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      out.println("      " + cause);
      for (StackTraceElement frame : cause.getStackTrace()) {
        if (frame.getClassName().startsWith("io.pmem4j.")) {
          out.println("        at " + frame);
        }
      }
    }
  }

  private static String firstLine(TestExecutionResult result) {
    return result
        .getThrowable()
        .map(thrown -> String.valueOf(thrown.getMessage()).strip().lines().findFirst().orElse(""))
        .orElse("");
  }

  private static String name(TestIdentifier test) {
    return test.getSource()
        .map(source ->
            switch (source) {
              case MethodSource method ->
                  simple(method.getClassName()) + "." + method.getMethodName();
              case ClassSource type -> simple(type.getClassName());
              default -> test.getDisplayName();
            })
        .orElse(test.getDisplayName());
  }

  private static String simple(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }
}
