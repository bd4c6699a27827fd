// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

/** A point of an operation at which a worker waits for its end, if it is told to. */
public enum KillPoint {
  /** Nothing of the operation was stored. */
  BEFORE_STORE,
  /** The lines were written back, and no fence follows; with files, written and not synced. */
  BETWEEN_FLUSH_AND_FENCE,
  /** The word or the name that makes the operation visible was stored. */
  AFTER_PUBLISH,
  /** The operation is durable, and nobody was told. */
  BEFORE_ACKNOWLEDGEMENT;

  /** A listener of a worker's points. */
  @FunctionalInterface
  public interface Listener {
    /** A listener that never waits. */
    Listener NONE = point -> {};

    /** Returns, or waits until the process is killed. */
    void reached(KillPoint point);
  }
}
