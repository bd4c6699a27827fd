// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A guest that did not answer as asked; the message is one line. */
public final class GuestException extends IOException {
  private static final long serialVersionUID = 1L;

  private final GuestOutcome outcome;
  private final transient @Nullable List<String> consoleTail;

  public GuestException(GuestOutcome outcome, String message) {
    this(outcome, message, List.of(), null);
  }

  public GuestException(
      GuestOutcome outcome, String message, List<String> consoleTail, @Nullable Throwable cause) {
    super(outcome + ": " + message, cause);
    this.outcome = outcome;
    this.consoleTail = List.copyOf(consoleTail);
  }

  /** The same finding for one more caller, with that caller's stack. */
  public GuestException again() {
    String message = String.valueOf(getMessage());
    return new GuestException(
        outcome, message.substring((outcome + ": ").length()), consoleTail(), this);
  }

  /** Returns the outcome, which is never {@link GuestOutcome#OK}. */
  public GuestOutcome outcome() {
    return outcome;
  }

  /** The last console lines, oldest first, at most 100; empty when no guest was running. */
  public List<String> consoleTail() {
    return consoleTail == null ? List.of() : consoleTail;
  }
}
