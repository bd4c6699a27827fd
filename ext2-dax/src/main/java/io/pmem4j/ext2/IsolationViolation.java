// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.util.List;

/**
 * A truncation or a fault ended without having done what {@code dax_sem} is for. A bug of this file
 * system, or of the lock order under test; found only with {@link Instrumentation#isolationChecks}.
 */
public final class IsolationViolation extends AssertionError {
  private static final long serialVersionUID = 1L;

  /**
   * Something is wrong behind the end of a file.
   *
   * @param file which
   * @param broken the promises broken, a line each
   */
  public IsolationViolation(String file, List<String> broken) {
    super(file + ": " + String.join("; ", broken));
  }
}
