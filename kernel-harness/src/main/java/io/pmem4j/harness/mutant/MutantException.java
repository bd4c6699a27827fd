// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import org.jspecify.annotations.Nullable;

/** A mutant that does not exist, cannot be read, no longer applies or does not compile. */
public final class MutantException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  MutantException(String message) {
    super(message);
  }

  MutantException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
