// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import org.jspecify.annotations.Nullable;

/** Signals a check that was stopped, because it did not end. */
final class CheckNotEndedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  CheckNotEndedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
