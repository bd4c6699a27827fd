// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.Timer;
import java.util.TimerTask;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * One test in a JVM of its own, for those that need an environment, or may never come back.
 * Arguments: class, method, and after how many milliseconds the JVM ends itself. Prints {@code
 * found N failed N skipped N}.
 */
final class ForkedTestMain {
  private ForkedTestMain() {}

  public static void main(String[] arguments) throws Exception {
    // A thread that waits in a system call cannot be interrupted.
    new Timer(true)
        .schedule(
            new TimerTask() {
              @Override
              public void run() {
                System.out.println("found 1 failed 1 skipped 0: it does not come back");
                Runtime.getRuntime().halt(1);
              }
            },
            Long.parseLong(arguments[2]));
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectMethod(Class.forName(arguments[0]), arguments[1]))
                .build(),
            listener);
    TestExecutionSummary summary = listener.getSummary();
    System.out.printf(
        "found %d failed %d skipped %d%n",
        summary.getTestsFoundCount(),
        summary.getTotalFailureCount(),
        summary.getTestsSkippedCount() + summary.getTestsAbortedCount());
    System.exit(0);
  }
}
