// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a commit does not fit into a map. The map is unchanged. The cause is that of the
 * file system if the file could not grow.
 */
public final class MapFullException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  MapFullException(int missing, String limit, @Nullable IOException cause) {
    super(
        "the commit needs "
            + missing
            + " pages more, and "
            + limit
            + (cause == null ? "" : ": " + cause.getMessage())
            + "; remove keys or close snapshots",
        cause);
  }
}
