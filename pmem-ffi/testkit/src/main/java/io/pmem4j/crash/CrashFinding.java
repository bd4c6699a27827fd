// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A crash state that breaks a check, or a rule of durability that a run broke.
 *
 * @param kind the kind of finding
 * @param mode the mode of the state
 * @param message the damage, in words
 * @param cause thrown by the check; null for a broken rule
 * @param event index of the event that the crash preceded; the number of events if it came last.
 *     For a broken rule, the event that broke it
 * @param atEnd true if the crash came after the last event
 * @param site the line of that event, or of the last one
 * @param stores the pending stores that matter, in order
 * @param replay names the state for {@link CrashStates#replay}; empty for a broken rule
 */
public record CrashFinding(
    Kind kind,
    CrashMode mode,
    String message,
    @Nullable Throwable cause,
    int event,
    boolean atEnd,
    CodeSite site,
    List<StoreFate> stores,
    String replay) {
  /** A kind of finding. */
  public enum Kind {
    /** The check failed on a crash state. */
    CHECK_FAILED,
    /** An operation was acknowledged before its stores were durable. */
    NOT_DURABLE,
    /** A flush found nothing to make durable. */
    REDUNDANT_FLUSH,
    /** A thread made durable what depends on another thread's store that was not yet durable. */
    DEPENDS_ON_UNPERSISTED
  }

  /** Copies the list. */
  public CrashFinding {
    stores = List.copyOf(stores);
  }

  /** Returns true if both tell of the same damage at the same stores. */
  boolean sameAs(CrashFinding other) {
    return kind == other.kind
        && site.equals(other.site)
        && stores.stream()
            .map(fate -> fate.store().site())
            .toList()
            .equals(other.stores.stream().map(fate -> fate.store().site()).toList());
  }
}
