// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/** Signals that a record does not fit into a log before its prefix is truncated. */
public final class LogFullException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  LogFullException(long needed, long free) {
    super(
        "the record needs " + needed + " bytes, " + free + " are free; truncate the prefix first");
  }
}
