// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/**
 * Signals that content which was durable is damaged, as by a flipped bit or a foreign store. A
 * crash alone does not cause it.
 */
public final class DurableCorruptionException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  private final long position;

  DurableCorruptionException(String message, long position) {
    super(message);
    this.position = position;
  }

  /** Returns the position of the damaged record, or -1 if it is the header. */
  public long position() {
    return position;
  }
}
