// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import java.util.Optional;

/** One program in the course of running. */
public interface Session {
  /**
   * Runs the next operation.
   *
   * @throws BackendException if there is no outcome to report: the backend broke
   */
  Outcome run(Operation operation) throws BackendException;

  /**
   * Closes what the program left open, unmounts, and checks that the backend is still in order.
   *
   * @return the image as the program left it, valid until the next session begins; empty where the
   *     programs share a file system with others
   */
  Optional<FsImage> end() throws BackendException;

  /** After a failure: lets go of everything, without an opinion. */
  void abandon();
}
