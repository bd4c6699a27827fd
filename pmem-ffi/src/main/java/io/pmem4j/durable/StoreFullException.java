// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

/** Signals that no slot of a store is free. */
public final class StoreFullException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  StoreFullException(int slots) {
    super("all " + slots + " slots hold records; free one first");
  }
}
