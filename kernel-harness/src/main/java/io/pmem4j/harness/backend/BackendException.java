// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A backend could not answer. The message is one clear line. */
public final class BackendException extends Exception {
  private static final long serialVersionUID = 1L;

  private static final String NOT_MOUNTED = "NOT_MOUNTED";

  private final String outcome;
  private final boolean finding;

  private BackendException(
      String outcome, boolean finding, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.outcome = outcome;
    this.finding = finding;
  }

  /** The guest failed, in one of its exact ways. */
  public static BackendException of(GuestException cause) {
    GuestOutcome outcome = cause.outcome();
    boolean finding =
        switch (outcome) {
          case PANIC, OOPS, OOM, SPLAT, LOCKDEP_OFF, EXECUTOR_DIED, TIMEOUT, HANG -> true;
          default -> false;
        };
    return new BackendException(outcome.name(), finding, String.valueOf(cause.getMessage()), cause);
  }

  /** A guest could not be booted: no program is to blame. */
  public static BackendException boot(GuestException cause) {
    return new BackendException(
        cause.outcome().name(), false, String.valueOf(cause.getMessage()), cause);
  }

  /** Lockdep has switched itself off: later operations were not checked. */
  public static BackendException lockdepOff() {
    return new BackendException(
        GuestOutcome.LOCKDEP_OFF.name(), true, "guest: lockdep switched itself off", null);
  }

  /** A power cut has lost data that was synced, or left an image that e2fsck cannot repair. */
  public static BackendException promiseBroken(String message) {
    return new BackendException("PROMISE_BROKEN", true, message, null);
  }

  /** The model broke one of its own rules: a lock order, an assertion, a check of the medium. */
  public static BackendException modelBroke(String message, @Nullable Throwable cause) {
    return new BackendException("MODEL_BROKE", true, message, cause);
  }

  /** An operation of the model waits for an event that cannot come. */
  public static BackendException hang(String message) {
    return new BackendException(GuestOutcome.HANG.name(), true, message, null);
  }

  /** mount(2) refuses a damaged image: the outcome of the program there. */
  public static BackendException notMounted(String errno, @Nullable Throwable cause) {
    return new BackendException(NOT_MOUNTED, true, errno, cause);
  }

  /** Returns the errno with which mount(2) refused a damaged image; empty if it did not. */
  public Optional<String> mountErrno() {
    return outcome.equals(NOT_MOUNTED)
        ? Optional.of(String.valueOf(getMessage()))
        : Optional.empty();
  }

  /** Something around the backends failed: a file, a tool. */
  public static BackendException environment(String message, @Nullable Throwable cause) {
    return new BackendException("HARNESS_FAULT", false, message, cause);
  }

  /** The running kernel killed the process that ran the program, or an operation did not return. */
  public static BackendException hostBroke(String message, @Nullable Throwable cause) {
    return new BackendException("HOST_BROKE", true, message, cause);
  }

  /**
   * The exact outcome: of {@link GuestOutcome}, or MODEL_BROKE, PROMISE_BROKEN, HOST_BROKE,
   * HARNESS_FAULT.
   */
  public String outcome() {
    return outcome;
  }

  /** Outcome and message in one line. */
  public String describe() {
    String message = String.valueOf(getMessage());
    return message.startsWith(outcome) ? message : outcome + ": " + message;
  }

  /**
   * Returns true if the program caused the failure, which makes it a finding, and false if the
   * environment did.
   */
  public boolean isFinding() {
    return finding;
  }
}
