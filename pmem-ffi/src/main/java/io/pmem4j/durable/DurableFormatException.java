// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/**
 * Signals content that is not of the expected format: of another program, of a newer version, or
 * cut short. The content is unchanged.
 */
public final class DurableFormatException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  DurableFormatException(String message) {
    super(message);
  }
}
