// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import org.jspecify.annotations.Nullable;

/** A lock or a piece of shared state that belongs to a kind, by which tools select steps. */
public interface Classified {
  /** Returns the kind, a constant of the program; null if the object was made without one. */
  @Nullable Enum<?> kind();
}
