// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * Runs the contract in a JVM of its own, where the environment is another one. The last line of
 * output is {@code contract run N failed N skipped N}; exit 0 only if tests ran and none failed.
 */
public final class ContractLauncher {
  private ContractLauncher() {}

  /** Runs all of the contract, over both backends. */
  public static void main(String[] arguments) {
    DiscoverySelector[] suite =
        Stream.of(
                JdkRegionTest.class,
                LibPmemRegionTest.class,
                JdkMappingTest.class,
                LibPmemMappingTest.class,
                JdkTruncationTest.class,
                LibPmemTruncationTest.class,
                HeapStoreTest.class,
                JdkStoreTest.class,
                LibPmemStoreTest.class)
            .map(type -> selectClass(type))
            .toArray(DiscoverySelector[]::new);
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(LauncherDiscoveryRequestBuilder.request().selectors(suite).build(), listener);
    var summary = listener.getSummary();
    summary.printFailuresTo(new PrintWriter(System.out, true, StandardCharsets.UTF_8), 12);
    System.out.printf(
        "contract run %d failed %d skipped %d%n",
        summary.getTestsSucceededCount() + summary.getTotalFailureCount(),
        summary.getTotalFailureCount(),
        summary.getTestsSkippedCount() + summary.getTestsAbortedCount());
    System.exit(
        summary.getTotalFailureCount() == 0 && summary.getTestsSucceededCount() > 0 ? 0 : 1);
  }
}
