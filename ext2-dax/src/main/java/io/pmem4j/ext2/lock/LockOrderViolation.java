// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A task was about to take a lock that the order, or what was taken before, does not allow under
 * one that it holds; or it entered code that asks for a lock without holding it. A bug of this file
 * system or of the order under test, not of the file system's user.
 */
public final class LockOrderViolation extends AssertionError {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable LockReport report;

  LockOrderViolation(String message) {
    super(message);
    this.report = null;
  }

  LockOrderViolation(LockReport report) {
    super(report.summary() + "\n" + report.text());
    this.report = report;
  }

  /** Returns the report that lockdep would have printed; empty for a lock that is missing. */
  public Optional<LockReport> report() {
    return Optional.ofNullable(report);
  }
}
