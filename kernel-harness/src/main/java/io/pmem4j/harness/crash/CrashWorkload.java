// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

/**
 * Operations whose crash states are explored.
 *
 * @param name its name on the command line
 * @param prepare makes what the operations start from; unmounted and durable before they begin
 * @param operations the operations, on a new mount
 */
public record CrashWorkload(String name, Step prepare, Step operations) {
  /** A sequence of operations. */
  @FunctionalInterface
  public interface Step {
    /** Runs the operations. */
    void run(CrashRun run) throws Exception;
  }

  @Override
  public String toString() {
    return name;
  }
}
