// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

/** A call has returned and the medium lacks what the call promised. */
public final class BrokenPromise extends AssertionError {
  private static final long serialVersionUID = 1L;

  /**
   * Creates a finding.
   *
   * @param what which call of which file, and which structure; findings are told apart by it
   * @param history the line, and the tasks that stored to it and flushed it
   */
  BrokenPromise(String what, String history) {
    super("broken promise: " + what, new IllegalStateException(history));
  }
}
