// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.List;

/** Signals findings of a {@link CrashMedium}; the message is the text for the reader. */
public final class CrashFoundError extends AssertionError {
  private static final long serialVersionUID = 1;

  private final transient List<CrashFinding> findings;

  CrashFoundError(String message, List<CrashFinding> findings) {
    super(message, findings.isEmpty() ? null : findings.get(0).cause());
    this.findings = List.copyOf(findings);
  }

  /** Returns the findings; empty if only the exploration was not complete. */
  public List<CrashFinding> findings() {
    return findings;
  }
}
