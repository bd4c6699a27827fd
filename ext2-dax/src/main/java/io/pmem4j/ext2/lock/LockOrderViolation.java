// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

/**
 * A task took a lock that the order does not allow under one that it holds, or entered code that
 * asks for a lock without holding it. A bug of this file system, not of its user; the message names
 * both locks, their classes and the order.
 */
public final class LockOrderViolation extends AssertionError {
  private static final long serialVersionUID = 1L;

  LockOrderViolation(String message) {
    super(message);
  }
}
