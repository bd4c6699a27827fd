// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

/** The effect of an operation on the other tasks. */
public enum OperationKind {
  /** A page fault: may be a bus error where another operation takes the page away. */
  FAULT,
  /** Takes pages away. */
  TRUNCATES,
  /** Runs on a full file system. */
  NO_SPACE,
  /** Takes the name away. */
  REMOVES_NAME,
  /** Nothing of that. */
  NEUTRAL
}
